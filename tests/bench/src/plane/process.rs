//! Processor and memory of the controller's process, where the system tells (Linux).

use std::time::Duration;

use cluster::Cluster;

/// Of a tick in `/proc`: Linux tells programs of a hundred a second, whatever it counts itself.
const TICK: Duration = Duration::from_millis(10);

/// A process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched(u32);

impl Watched {
    /// The controller of a cluster.
    pub(super) fn controller(cluster: &Cluster) -> Option<Self> {
        cluster.controller_process().map(|(id, _)| Self(id))
    }

    /// Time on a processor since its start.
    pub(super) fn worked(self) -> Option<Duration> {
        let stat = self.read("stat")?;
        // After the name, which may hold anything: state is the third field, user time the 14th.
        let (_, fields) = stat.rsplit_once(')')?;
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: u32 = times.map_while(|it| it.parse::<u32>().ok()).sum();
        Some(TICK * ticks)
    }

    /// Kilobytes resident now.
    pub(super) fn resident(self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most kilobytes that were resident since the start, or since it was asked to forget.
    pub(super) fn peak(self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Forgets the peak so far.
    pub(super) fn forget_peak(self) {
        // Where it is not allowed, the peak is that since the start.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.0), "5");
    }

    fn status(self, field: &str) -> Option<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_whitespace().next()?.parse().ok()
    }

    fn read(self, file: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.0)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_works_and_holds_memory_is_seen_to() {
        let own = Watched(std::process::id());
        let held = vec![1_u8; 64 << 20];
        let mut sum = 0_u64;
        while own.worked().unwrap() < TICK * 3 {
            sum = held.iter().fold(sum, |sum, byte| sum ^ u64::from(*byte));
        }
        assert!(own.resident().unwrap() > 64 << 10, "{sum}");
        assert!(own.peak() >= own.resident());
    }
}
