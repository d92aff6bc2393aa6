//! The scripts of `.ci` that could do harm, run on directories of their own.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci").join(name)
}

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("steward-scripts-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn put(&self, files: &[&str]) {
        for file in files {
            let path = self.0.join(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            fs::write(path, "{}").expect("written");
        }
    }

    fn left(&self) -> Vec<String> {
        fn walk(directory: &Path, top: &Path, out: &mut Vec<String>) {
            for entry in fs::read_dir(directory).expect("a directory").flatten() {
                if entry.path().is_dir() && !entry.path().is_symlink() {
                    walk(&entry.path(), top, out);
                } else {
                    out.push(entry.path().strip_prefix(top).expect("inside").to_string_lossy().into_owned());
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.0, &self.0, &mut out);
        out.sort();
        out
    }

    fn clean(&self) -> Output {
        Command::new(script("clean-data")).arg(&self.0).output().expect("the script")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_directory_that_is_not_stewards_is_not_touched() {
    let home = Scratch::new("home");
    // Names that Steward uses as well do not make it Steward's.
    home.put(&["thesis.txt", "secret", "postgres/PG_VERSION", "photos/1.jpg", "tools/x"]);
    let before = home.left();
    let output = home.clean();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("not touching"));
    assert_eq!(home.left(), before);
}

#[test]
fn of_a_data_directory_only_stewards_names_are_removed() {
    let data = Scratch::new("data");
    data.put(&[
        "postgres.gate",
        "postgres.json",
        "postgres/PG_VERSION",
        "postgres.log.1",
        "secret",
        "credentials.json",
        "credentials-db-example-5432-steward.json",
        "tools/bin/sass",
        "notes.txt",
        "mine/file",
        "test/postgres.gate",
        "test/postgres/PG_VERSION",
        "bench/postgres.json",
        "bench/keep.txt",
        "bench/bench_10000/secret",
    ]);
    let output = data.clean();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(data.left(), ["bench/keep.txt", "mine/file", "notes.txt", "tools/bin/sass"]);
    assert!(!data.0.join("test").exists(), "what is empty goes");
}

#[test]
fn a_cluster_elsewhere_must_look_like_one() {
    let data = Scratch::new("elsewhere");
    let victim = Scratch::new("victim");
    victim.put(&["steward-0123456789ab/thesis.txt", "etc/passwd"]);
    for cluster in ["etc", "steward-0123456789ab"] {
        data.put(&["postgres.gate"]);
        let memo = format!("{{\n  \"cluster\": \"{}\"\n}}", victim.0.join(cluster).display());
        fs::write(data.0.join("postgres.json"), memo).expect("written");
        assert!(!data.clean().status.success(), "{cluster}");
    }
    assert_eq!(victim.left(), ["etc/passwd", "steward-0123456789ab/thesis.txt"]);
}

#[test]
fn nothing_to_clean_is_no_error() {
    let empty = Scratch::new("empty");
    assert!(empty.clean().status.success());
    fs::remove_dir_all(&empty.0).expect("gone");
    assert!(empty.clean().status.success());
}
