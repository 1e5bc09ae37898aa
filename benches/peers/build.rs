//! Writes the plugins of the start-up workload: as many modules as it needs, each what a small plugin is.

use std::fmt::Write;
use std::path::Path;

/// How many plugins there are at most.
const PLUGINS: usize = 200;

fn main() {
    let mut source = String::new();
    for at in 0..PLUGINS {
        write!(
            source,
            r#"
            mod plugin_{at:03} {{
                use bristle::prelude::*;

                #[endpoint("/plugin_{at:03}/{{room}}")]
                static PLACE: OnceCell<Endpoint> = OnceCell::new();

                #[init]
                async fn begin(plugin: Plugin) {{
                    debug!(plugin = plugin.name(), "begins");
                }}

                #[on_message(PLACE)]
                async fn back(message: Message) -> Message {{
                    message
                }}
            }}
            "#
        )
        .expect("a string takes everything");
    }
    let folder = std::env::var_os("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&folder).join("plugins.rs"), source).expect("cargo's folder can be written");
    println!("cargo::rerun-if-changed=build.rs");
}
