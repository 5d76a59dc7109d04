//! How many deliveries may be on their way at once. The broker counts messages, memory counts bytes, and one message may
//! hold one job or twenty thousand: so the window is opened as far as messages of the size last seen allow, and closed
//! when too much has arrived.

/// Bytes of unacknowledged deliveries the window is made for.
const BYTES: usize = 16 * 1024 * 1024;

/// More than this at once, and what is still coming goes back to the broker: one largest message (`max_message_bytes`,
/// by default as large as [`BYTES`]) beside a full window.
const TOO_MUCH: usize = 2 * BYTES;

/// The first window: large enough for lonely jobs, small enough not to matter should all of them be large.
const FIRST: u16 = 32;

/// How much wider a window may be than the one before it. A message that is sent back counts as tried once more, and the
/// broker gives up on it after a while: so a window grows only by what was acknowledged since, and few can be sent back
/// in a row.
const STEP: u16 = 8;

/// What a delivery costs beside its body.
const OVERHEAD: usize = 512;

/// The window of one connection.
#[derive(Debug)]
pub(super) struct Window {
    most: u16,
    now: u16,
    /// Bytes arrived and not acknowledged.
    held: usize,
    /// Deliveries acknowledged since the window has its width.
    acknowledged: usize,
    /// The largest delivery since then.
    largest: usize,
}

/// What a body of so many bytes counts.
pub(super) const fn weight(body: usize) -> usize {
    body.saturating_add(OVERHEAD)
}

impl Window {
    /// One that never lets in more than `most` deliveries.
    pub(super) fn new(most: u16) -> Self {
        let most = most.max(1);
        Self { most, now: FIRST.min(most), held: 0, acknowledged: 0, largest: 0 }
    }

    /// Deliveries that may be unacknowledged now.
    pub(super) const fn width(&self) -> u16 {
        self.now
    }

    /// Notes one that has come; whether that is too much, and the window must be closed.
    pub(super) fn arrived(&mut self, weight: usize) -> bool {
        self.held = self.held.saturating_add(weight);
        self.largest = self.largest.max(weight);
        // One at a time cannot be made less.
        self.now > 1 && self.held > TOO_MUCH
    }

    /// Notes acknowledged ones; whether the window may be wider from now on.
    pub(super) fn acknowledged(&mut self, deliveries: usize, weight: usize) -> bool {
        self.held = self.held.saturating_sub(weight);
        self.acknowledged = self.acknowledged.saturating_add(deliveries);
        self.wider().is_some()
    }

    /// Whether a closed window may be opened again.
    pub(super) const fn has_room(&self) -> bool {
        self.held <= BYTES
    }

    /// The wider window that what was seen since the last change allows.
    fn wider(&self) -> Option<u16> {
        let earned = self.acknowledged >= usize::from(self.now);
        let width = self.fitting().min(self.now.saturating_mul(STEP)).min(self.most);
        // Not for a little: changing it costs a few round trips.
        let worth_it = width >= self.now.saturating_mul(2) || (width == self.most && width > self.now);
        (earned && worth_it).then_some(width)
    }

    /// As many of the largest seen as there are bytes for.
    fn fitting(&self) -> u16 {
        u16::try_from(BYTES / self.largest.max(1)).unwrap_or(u16::MAX).max(1)
    }

    /// Opens it wider if that is allowed; whether it did.
    pub(super) fn widen(&mut self) -> bool {
        let wider = self.wider();
        if let Some(width) = wider {
            self.begin(width);
        }
        wider.is_some()
    }

    /// After too much: as wide as the size of what came allows, and in any case narrower.
    pub(super) fn narrow(&mut self) {
        self.begin(self.fitting().min(self.now / 2).max(1));
    }

    fn begin(&mut self, width: u16) {
        (self.now, self.acknowledged, self.largest) = (width, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_messages_open_it_in_a_few_steps() {
        let mut window = Window::new(1000);
        let mut widths = vec![window.width()];
        while window.width() < 1000 {
            for _ in 0..window.width() {
                assert!(!window.arrived(weight(400)));
                window.acknowledged(1, weight(400));
            }
            assert!(window.widen());
            widths.push(window.width());
        }
        assert_eq!(widths, [32, 256, 1000]);
        assert!(!window.acknowledged(5000, 0) && !window.widen(), "no wider than it may be");
    }

    #[test]
    fn nothing_acknowledged_nothing_widened() {
        let mut window = Window::new(1000);
        (0..32).for_each(|_| assert!(!window.arrived(weight(400))));
        assert!(!window.widen());
        assert!(!window.acknowledged(31, 31 * weight(400)));
        assert!(window.acknowledged(1, weight(400)));
    }

    #[test]
    fn large_ones_close_it_down_to_one_at_a_time() {
        let mut window = Window::new(1000);
        let large = weight(16 * 1024 * 1024 - OVERHEAD);
        assert!(!window.arrived(large) && !window.arrived(large) && window.arrived(large));
        window.narrow();
        assert!(window.width() == 1 && !window.has_room());
        assert!(!window.arrived(large), "one at a time cannot be made less");
        window.acknowledged(4, 4 * large);
        assert!(window.has_room() && !window.widen());
    }

    proptest! {
        /// A broker that always fills the window, with messages of any size, and a store that takes them in any order of
        /// steps: what is held never exceeds the bound by more than one message.
        #[test]
        fn what_is_held_is_bounded(
            sizes in proptest::collection::vec(prop_oneof![0usize..2000, 100_000..400_000usize, Just(16 << 20)], 1..400),
            pace in 1usize..200,
        ) {
            let mut window = Window::new(1000);
            let (mut held, mut sizes) = (std::collections::VecDeque::<usize>::new(), sizes.into_iter().peekable());
            let (mut open, mut rounds) = (true, 0);
            while sizes.peek().is_some() {
                rounds += 1;
                prop_assert!(rounds < 100_000, "it comes to a standstill");
                while open && held.len() < usize::from(window.width()) {
                    let Some(size) = sizes.next() else { break };
                    held.push_back(weight(size));
                    open = !window.arrived(weight(size));
                }
                let bytes: usize = held.iter().sum();
                prop_assert!(bytes <= TOO_MUCH + weight(16 << 20), "{bytes} bytes");
                if !open {
                    window.narrow();
                }
                let done: Vec<usize> = held.drain(..pace.min(held.len())).collect();
                window.acknowledged(done.len(), done.iter().sum());
                open = open || window.has_room();
                window.widen();
            }
        }
    }
}
