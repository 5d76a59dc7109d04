//! Logs: to the journal under systemd, as text to standard error otherwise, or as JSON. Fields of spans (`job`,
//! `account`, `attempt`) appear with every line inside them. Standard output belongs to data.

use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// Where and how lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    Journal,
    Text,
    Json,
}

/// Begins to log. `filter` is as of `RUST_LOG`; `format` is `auto`, `text` or `json`. Called again (as tests do) it
/// changes nothing.
///
/// # Errors
/// The filter or the format cannot be understood.
pub fn init(filter: &str, format: &str) -> Result<(), String> {
    let filter = filter_of(filter)?;
    let layer = layer(sink(format, || is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref()))?);
    // An error means that logging has begun already.
    let _ = subscriber(layer, filter).try_init();
    Ok(())
}

/// Filters of the whole, not of the layer: with a filter of its own a layer misses events that follow a mere question
/// whether something would be logged on the same thread, and sqlx asks that with each statement.
fn subscriber(layer: impl Layer<Registry> + Send + Sync, filter: EnvFilter) -> impl Subscriber + Send + Sync {
    let frames = FilterFn::new(may_be_written);
    tracing_subscriber::registry().with(layer).with(filter).with(frames)
}

/// Targets that are silent whatever the operator asks for: lapin logs every returned message with its whole payload,
/// which may hold personal data and secrets (law 11).
const NEVER: &[&str] = &["lapin::returned_messages=off"];

/// Targets that write out what goes over the wire below `info`, whatever module of theirs somebody asks for: lapin's frames
/// hold messages, and the broker's password.
const FRAMES: &[&str] = &["lapin", "amq_protocol"];

fn may_be_written(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || !FRAMES.iter().any(|target| event.target().starts_with(target))
}

fn filter_of(asked: &str) -> Result<EnvFilter, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("log filter `{asked}`: {error}");
    let filter = EnvFilter::try_new(asked).map_err(|error| wrong(&error))?;
    NEVER.iter().try_fold(filter, |filter, silent| {
        Ok(filter.add_directive(silent.parse().map_err(|error: tracing_subscriber::filter::ParseError| wrong(&error))?))
    })
}

fn sink(format: &str, is_journal: impl Fn() -> bool) -> Result<Sink, String> {
    match format {
        "auto" if is_journal() => Ok(Sink::Journal),
        "auto" | "text" => Ok(Sink::Text),
        "json" => Ok(Sink::Json),
        other => Err(format!("log format `{}`: choose auto, text or json", other.escape_default())),
    }
}

fn layer(sink: Sink) -> Box<dyn Layer<Registry> + Send + Sync> {
    let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match sink {
        Sink::Journal => match tracing_journald::layer() {
            // `journalctl REGISTRARD_JOB=…` shows the life of one job.
            Ok(journal) => {
                journal.with_syslog_identifier("registrard".into()).with_field_prefix(Some("REGISTRARD".into())).boxed()
            }
            // Standard error reaches the journal too, only without fields.
            Err(_) => text.with_ansi(false).without_time().boxed(),
        },
        Sink::Text => text.with_ansi(wants_colour()).boxed(),
        Sink::Json => text.json().flatten_event(true).with_ansi(false).boxed(),
    }
}

fn wants_colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// `$JOURNAL_STREAM` holds device and inode of the journal's stream. It is inherited by children whose standard error
/// goes elsewhere, so the numbers are compared.
fn is_journal(stream: Option<&str>) -> bool {
    let Some((device, inode)) = stream.and_then(|stream| stream.split_once(':')) else { return false };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|found| device.parse() == Ok(found.dev()) && inode.parse() == Ok(found.ino()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::Event;
    use tracing_subscriber::layer::Context;

    use super::*;

    #[test]
    fn payloads_are_never_logged_whatever_is_asked_for() {
        let filter = filter_of("trace,lapin=trace").unwrap().to_string();
        assert!(filter.contains("lapin::returned_messages=off"), "{filter}");
        assert!(filter_of("info,=,").is_err());
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn no_line_is_lost_after_a_question_whether_it_would_be_written() {
        let lines = Lines::default();
        let quiet = || filter_of("info,registrard::ops=info,quiet=warn").unwrap();
        tracing::subscriber::with_default(subscriber(lines.clone(), quiet()), || {
            for _ in 0..3 {
                // As sqlx asks before it times a statement.
                assert!(!tracing::enabled!(target: "quiet", Level::INFO));
                tracing::info!("a line");
            }
        });
        assert_eq!(lines.0.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn the_journal_is_chosen_only_where_standard_error_is_the_journal() {
        assert_eq!(sink("auto", || true), Ok(Sink::Journal));
        assert_eq!(sink("auto", || false), Ok(Sink::Text));
        assert_eq!(sink("text", || true), Ok(Sink::Text));
        assert_eq!(sink("json", || true), Ok(Sink::Json));
        assert!(sink("xml", || true).is_err());
        assert!(!is_journal(None));
        assert!(!is_journal(Some("0:0")));
        assert!(!is_journal(Some("nonsense")));
        let own = std::fs::metadata("/proc/self/fd/2").unwrap();
        assert!(is_journal(Some(&format!("{}:{}", own.dev(), own.ino()))));
    }

    #[test]
    fn beginning_twice_is_harmless_and_nonsense_is_refused() {
        init("off", "text").unwrap();
        init("off", "json").unwrap();
        assert!(init("registrard=loud", "text").unwrap_err().contains("registrard=loud"));
        assert!(init("info", "xml").is_err());
    }
}
