//! What becomes of a program that has a recorder of metrics of its own: a process has one, so this is a binary of its own.

use bristle::{Registry, Runtime, settings::Settings};
use metrics_exporter_prometheus::PrometheusBuilder;

mod nothing {
    use bristle::prelude::*;

    #[init]
    async fn starts() {}
}

fn runtime(toml: &str) -> Runtime {
    let settings = Settings::new().toml("test.toml", toml).expect("good TOML").set("node.listen", "127.0.0.1:0");
    let (settings, registry) = (settings.expect("an address"), Registry::linked());
    Runtime::builder().settings(settings).registry(registry).install_recorder().build().expect("nothing wrong")
}

/// Without it a program's own metrics would silently be on no page, or ours on none.
#[tokio::test]
async fn a_recorder_that_is_there_is_left_alone_and_the_launch_says_what_to_do() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    assert!(metrics::set_global_recorder(recorder).is_ok(), "this binary has no other test");

    let error = runtime("metrics.prometheus = '/metrics'").launch().await.err().expect("it cannot install one");
    assert!(error.to_string().contains("set `metrics.interval`, so that the numbers go to that one"), "{error}");

    // As it says.
    let running = runtime("metrics.interval = '1h'").launch().await.expect("it launches");
    running.stop().await.expect("a clean stop");
    metrics::counter!("mine").increment(1);
    assert!(handle.render().contains("mine 1"), "{}", handle.render());
}
