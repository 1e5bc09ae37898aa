//! The corpus of fuzzing, fed to its targets by an ordinary test: what once crashed stays fixed.

use super::*;
use std::fs;
use std::path::Path;

/// An input that a parser once panicked at would panic again.
#[test]
fn every_input_of_the_corpus_is_survived() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("fuzz");
    for (name, target) in TARGETS {
        let folder = fuzz.join("corpus").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut inputs = 0;
        for file in files {
            let path = file.expect("an entry").path();
            // A panic that follows is this one's.
            eprintln!("{}", path.display());
            target(&fs::read(&path).expect("a file"));
            inputs += 1;
        }
        assert!(inputs > 0, "{} is empty: write some inputs by hand", folder.display());
        assert!(fuzz.join("targets").join(format!("{name}.rs")).exists(), "`{name}` has no target in fuzz/targets");
    }
}
