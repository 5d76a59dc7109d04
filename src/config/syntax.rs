//! What the parser says about a file, with the key added: it names a line at best, and quotes it, which nobody else may,
//! since it may be the one where somebody has put a password after all (law 11).

/// The parser's words, its quotations left out, and in front of them the key they are about, if one can be told.
pub(super) fn explained(error: &str, file: &str) -> String {
    let quoted = |line: &&str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    let lines: Vec<_> = error.lines().filter(|line| !quoted(line)).collect();
    let said = lines.join(", ");
    match line_of(error).or_else(|| unfit_number(file)).and_then(|line| key_at(file, line)) {
        Some(key) => format!("{key}: {said}"),
        None => said,
    }
}

/// The line a parser names, counted from 1.
fn line_of(error: &str) -> Option<usize> {
    let rest = error.split("at line ").nth(1)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The first line with a number no machine holds; the parser does not say where it met one.
fn unfit_number(file: &str) -> Option<usize> {
    let is_unfit = |word: &str| {
        let number = word.replace('_', "");
        let digits = number.trim_start_matches(['+', '-']);
        let begins = digits.starts_with(|c: char| c.is_ascii_digit());
        let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        begins && if is_whole { number.parse::<i64>().is_err() } else { number.parse().is_ok_and(f64::is_infinite) }
    };
    let words = |line: &str| {
        let value = line.split_once('=').map_or("", |(_, value)| value);
        value.split(|c: char| !(c.is_ascii_alphanumeric() || "+-._".contains(c))).any(is_unfit)
    };
    file.lines().position(words).map(|line| line + 1)
}

/// The key that is set in a line, with the table it stands in.
fn key_at(file: &str, line: usize) -> Option<String> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-.\"'".contains(c);
    let is_key = |text: &str| !text.is_empty() && text.len() <= 200 && text.chars().all(bare);
    let key = file.lines().nth(line.checked_sub(1)?)?.split_once('=').map(|(key, _)| key.trim())?;
    let above = file.lines().take(line).filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    let table = above.filter(|name| is_key(name)).last();
    let name = |text: &str| text.replace(['"', '\''], "");
    is_key(key).then(|| table.map_or_else(|| name(key), |table| format!("{}.{}", name(table), name(key))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "[store]\nurl = 'x'\n\n[accounts.\"A\".limits]\nrequests = 5\nquota = 99999999999999999999\n";

    #[test]
    fn the_key_is_added_and_quotations_are_left_out() {
        let error = "TOML parse error at line 5, column 1\n  |\n5 | requests = 5\n  | ^\nduplicate key";
        let said = "accounts.A.limits.requests: TOML parse error at line 5, column 1, duplicate key";
        assert_eq!(explained(error, FILE), said);
        assert_eq!(explained("number too large", FILE), "accounts.A.limits.quota: number too large");
        assert_eq!(explained("at line 3, odd", FILE), "at line 3, odd");
        assert_eq!(key_at("a = 1", 1).as_deref(), Some("a"));
        assert_eq!((key_at(FILE, 0), key_at(FILE, 99), key_at("my secret = 1", 1)), (None, None, None));
    }

    #[test]
    fn numbers_no_machine_holds_are_found_wherever_they_stand() {
        for (file, line) in [
            ("a = 1\nb = -9223372036854775809", Some(2)),
            ("a = -9223372036854775808", None),
            ("a = [1, { c = 1e999 }]", Some(1)),
            ("a = 1_000_000_000_000_000_000_000", Some(1)),
            ("a = 1e99\nb = inf\nc = 'x'\n# 99999999999999999999", None),
        ] {
            assert_eq!(unfit_number(file), line, "{file}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(error in ".{0,80}", file in "[a-z0-9=\\[\\]\\.\"\n ]{0,200}", line in 0..20_usize) {
            let _ = explained(&format!("{error} at line {line}x"), &file);
            let _ = explained(&error, &file);
        }
    }
}
