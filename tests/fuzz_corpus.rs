//! Bytes that fuzzing found interesting, and those that once broke something, through the same properties as in `fuzz/`.
//! A failure names the file; `./dev fuzz TARGET` looks for more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fuzz::{Property, TARGETS};

/// Most bytes of all inputs that are kept: a corpus is for looking at, too.
const LARGEST: u64 = 2 * 1024 * 1024;

fn home(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

/// The inputs of a target.
fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = home("corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The inputs that break a property.
fn broken(property: Property, inputs: &[PathBuf]) -> Vec<String> {
    let breaks = |file: &&PathBuf| {
        let bytes = std::fs::read(file).unwrap();
        catch_unwind(AssertUnwindSafe(|| property(&bytes))).is_err()
    };
    inputs.iter().filter(breaks).map(|file| file.display().to_string()).collect()
}

#[test]
fn every_property_holds_for_every_input_that_is_kept() {
    let broken = |(name, property): &(&str, Property)| broken(*property, &inputs(name));
    let broken: Vec<_> = TARGETS.iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_broken_property_is_noticed() {
    let never: Property = |bytes| assert!(bytes.is_empty(), "this property holds for nothing");
    let few: Vec<_> = inputs("kv_answer").into_iter().take(3).collect();
    assert_eq!(broken(never, &few).len(), 3);
}

#[test]
fn every_target_is_built_has_a_corpus_and_is_tried_here() {
    let manifest = std::fs::read_to_string(home("Cargo.toml")).unwrap();
    let built: BTreeSet<_> = manifest
        .split("[[bin]]")
        .skip(1)
        .map(|bin| bin.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).unwrap())
        .collect();
    let tried: BTreeSet<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(built, tried);
    let folders = |of: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(home(of)).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let tried: BTreeSet<String> = tried.into_iter().map(str::to_owned).collect();
    assert_eq!(folders("fuzz_targets"), tried);
    assert_eq!(folders("corpus"), tried);
    let mut size = 0;
    for target in &tried {
        let main = std::fs::read_to_string(home("fuzz_targets").join(format!("{target}.rs"))).unwrap();
        assert!(main.contains(&format!("registrard_fuzz::{target}(bytes)")), "{target} tries something else");
        assert!(inputs(target).len() >= 5, "{target} has hardly any inputs");
        size += inputs(target).iter().map(|file| file.metadata().unwrap().len()).sum::<u64>();
    }
    assert!(size <= LARGEST, "{size} bytes of inputs");
}
