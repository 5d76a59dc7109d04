//! A small disk that can be full: a tmpfs in a mount namespace of its own, so that it needs no root and is gone with the
//! last process in it, however the test ends.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longest wait for the disk to be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mounted disk, empty at first.
pub struct Disk {
    /// Ends when its standard input does.
    keeper: Child,
    /// Its path for processes inside.
    pub inside: PathBuf,
    is_root: bool,
}

impl Disk {
    /// Mounts one of so many megabytes over a directory.
    pub async fn mount(directory: &Path, megabytes: u32) -> Self {
        let id = Command::new("id").arg("-u").output().await.unwrap();
        let is_root = id.stdout == b"0\n";
        // Only root may mount as he is. Everybody else may in a user namespace, and stays who he is there.
        let namespaces: &[&str] = if is_root { &["-m"] } else { &["-Umc", "--keep-caps"] };
        let mount = r#"mount -t tmpfs -o "size=$1m,mode=755" tmpfs "$0" && echo mounted && exec cat"#;
        let mut keeper = Command::new("unshare");
        keeper.args(namespaces).args(["sh", "-c", mount]).arg(directory).arg(megabytes.to_string());
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut keeper = keeper.spawn().expect("util-linux is installed");
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let line =
            tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the disk is mounted in time").unwrap();
        assert_eq!(line.as_deref(), Some("mounted"), "this machine lets nobody mount a tmpfs in a namespace");
        Self { keeper, inside: directory.to_owned(), is_root }
    }

    fn process(&self) -> u32 {
        self.keeper.id().expect("the keeper goes on")
    }

    /// Its path for this process and others outside.
    pub fn outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.process()));
        root.join(self.inside.strip_prefix("/").expect("an absolute path"))
    }

    /// What to put before a command that is to find the disk in its place.
    pub fn enter(&self) -> Vec<String> {
        let user: &[&str] = if self.is_root { &[] } else { &["-U", "--preserve-credentials"] };
        let process = self.process().to_string();
        ["nsenter", "-t", &process, "-m"].iter().chain(user).map(|word| (*word).to_owned()).collect()
    }

    /// Writes until there is no room for another byte.
    pub fn fill(&self) {
        let mut filler = std::fs::OpenOptions::new().create(true).append(true).open(self.filler()).unwrap();
        for size in [65_536, 4096, 1] {
            let full = loop {
                if let Err(error) = filler.write_all(&vec![0; size]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.outside().join("filler")
    }
}
