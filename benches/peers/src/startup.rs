//! A host with as many plugins as is asked for, until its node listens.

use bristle::settings::Settings;
use bristle::{Registration, Registry, Runtime};

mod plugins {
    //! What the build script wrote.
    include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
}

/// Launches the first `plugins` of the plugins, says where the node listens, and stops at once.
///
/// All of them lie in this package; each module counts as a plugin of its own, as if it were a crate.
pub(crate) fn run(plugins: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    let below = format!("{}::plugins::", module_path!());
    let registry: Registry = Registry::linked()
        .items()
        .iter()
        .filter_map(|item| {
            let name = item.origin.module.strip_prefix(&*below)?;
            let number: usize = name.strip_prefix("plugin_")?.parse().ok()?;
            let mut item: Registration = *item;
            item.origin.plugin = name;
            (number < plugins).then_some(item)
        })
        .collect();
    assert_eq!(registry.plugins().len(), plugins, "the build script wrote enough of them");
    let settings = Settings::new().toml("peers", "node.listen = \"127.0.0.1:0\"").expect("it is TOML");
    runtime.block_on(async {
        let runtime = Runtime::builder().settings(settings).registry(registry).build().expect("the hooks are right");
        let running = runtime.launch().await.expect("nothing stands in the way");
        println!("{}", running.addresses()[0]);
    });
}
