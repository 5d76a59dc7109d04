//! What Linux says of a process's memory, and what is expected of it.

/// Resident memory of a process, in KiB.
#[derive(Clone, Copy)]
pub struct Memory {
    pub resident: u64,
    pub peak: u64,
}

impl Memory {
    pub fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a living process");
        let figure = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|line| line.trim().strip_suffix("kB")?.trim_end().parse().ok()).expect("a figure in kB")
        };
        Self { resident: figure("VmRSS"), peak: figure("VmHWM") }
    }
}

/// Begins a new peak.
pub fn forget_peak(process: u32) {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").expect("the peak of one's own process can be reset");
}

/// Prints a phase's figures and fails if its peak is above `bound` MiB.
pub fn judge(phase: &str, memory: Memory, bound: u64) -> u64 {
    let mebibytes = |kibibytes: u64| kibibytes as f64 / 1024.0;
    let (peak, now) = (mebibytes(memory.peak), mebibytes(memory.resident));
    println!("{phase:<64} peak {peak:>7.1} MiB, now {now:>7.1} MiB, bound {bound} MiB");
    assert!(memory.peak <= bound * 1024, "{phase}: the peak is {peak:.1} MiB, above {bound} MiB");
    memory.peak
}

/// Fails if several times as much work took noticeably more memory.
pub fn not_growing(what: &str, small: u64, large: u64, slack: u64) {
    assert!(large <= small + slack * 1024, "{what}: from {} to {} KiB with the scale", small, large);
}
