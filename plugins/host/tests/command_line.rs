//! The command line of the real binary: what it answers, what it complains of, how it ends.

mod support;

use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use support::{bristle, configured};

fn list(folder: &Path) -> Value {
    let outcome = bristle(folder, &["list", "--json"], &[]);
    serde_json::from_str(&outcome.expect(0).stdout).expect("JSON")
}

fn plugin<'a>(list: &'a Value, name: &str) -> &'a Value {
    let plugins = list["plugins"].as_array().expect("a list of plugins");
    plugins.iter().find(|plugin| plugin["name"] == name).unwrap_or_else(|| panic!("no `{name}` in {list}"))
}

#[test]
fn help_and_version_end_with_0_and_bad_usage_with_2() {
    let folder = configured("");
    bristle(folder.path(), &["--help"], &[]).expect(0).says("RUST_LOG");
    bristle(folder.path(), &["--version"], &[]).expect(0);
    for command in ["run", "list", "check", "config", "new"] {
        bristle(folder.path(), &[command, "--help"], &[]).expect(0).says("Examples:");
    }
    bristle(folder.path(), &["chekc"], &[]).expect(2).complains("check");
    bristle(folder.path(), &["check", "--set", "nonsense"], &[]).expect(2).complains("write `KEY=VALUE`");
    bristle(folder.path(), &["check", "--config", "nowhere.toml"], &[]).expect(2).complains("`nowhere.toml`");
    bristle(folder.path(), &["run"], &[("RUST_LOG", "a=b=c")]).expect(2).complains("RUST_LOG");
    bristle(folder.path(), &["run"], &[("BRISTLE_LOG_FORMAT", "xml")]).expect(2).complains("`human` or `json`");
}

#[test]
fn a_list_names_the_linked_plugins_with_the_places_of_their_hooks() {
    let folder = configured("");
    let list = list(folder.path());
    let endpoint = &plugin(&list, "echo")["endpoints"][0];
    assert!(endpoint["path"].is_string() && endpoint["line"].is_u64(), "{endpoint}");
    let client = &plugin(&list, "greeter")["clients"][0];
    assert!(client["url"].as_str().is_some_and(|url| url.starts_with("ws://")), "{client}");
    assert!(client["file"].as_str().is_some_and(|file| file.ends_with(".rs")), "{client}");
    assert_eq!(plugin(&list, "echo")["enabled"], true);
    bristle(folder.path(), &["list"], &[]).expect(0).says("greeter").says("plugins/echo/src/lib.rs:");
}

#[test]
fn a_list_shows_what_the_configuration_makes_of_a_plugin() {
    let folder = configured("[plugins.echo]\nenabled = false");
    assert_eq!(plugin(&list(folder.path()), "echo")["enabled"], false);
}

#[test]
fn every_value_is_shown_with_its_origin_and_secrets_are_masked() {
    let folder = configured("[node]\nlisten = []\n\n[plugins.greeter]\ntoken = \"hunter2\"\nlimit = 1\nsize = 1\n");
    let variables = [
        ("BRISTLE_PLUGINS__GREETER__LIMIT", "2"),
        ("BRISTLE_PLUGINS__GREETER__CLIENTS__CLIENT__URL", "ws://me:hunter2@127.0.0.1/?access_token=hunter2"),
    ];
    let outcome = bristle(folder.path(), &["config", "--set", "plugins.greeter.size=3"], &variables);
    let lines: Vec<String> =
        outcome.expect(0).stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let shown = |line: &str| assert!(lines.iter().any(|other| other == line), "no `{line}` in {lines:#?}");
    shown("node.listen = [] # bristle.toml:2");
    shown("plugins.greeter.token = \"***\" # bristle.toml:5");
    shown("plugins.greeter.limit = 2 # BRISTLE_PLUGINS__GREETER__LIMIT");
    shown("plugins.greeter.size = 3 # --set");
    shown("plugins.echo.enabled = true # default");
    shown("runtime.shutdown_grace = \"10s\" # default");
    shown(
        "plugins.greeter.clients.CLIENT.url = \"ws://***@127.0.0.1/?access_token=***\" \
         # BRISTLE_PLUGINS__GREETER__CLIENTS__CLIENT__URL",
    );
    outcome.hides("hunter2");
    let json = bristle(folder.path(), &["config", "--json"], &[]);
    let entries: Value = serde_json::from_str(&json.expect(0).hides("hunter2").stdout).expect("JSON");
    assert!(entries[0]["key"].is_string() && entries[0]["origin"].is_string(), "{entries}");
}

#[test]
fn what_an_attribute_says_is_configuration_with_the_attribute_for_its_origin() {
    let folder = configured("");
    bristle(folder.path(), &["config"], &[])
        .expect(0)
        .says("plugins.greeter.clients.CLIENT.url = ")
        .says("# #[client] plugins/greeter/src/lib.rs:")
        .says("plugins.echo.endpoints.ECHO.path = \"/echo\"");
}

#[test]
fn all_problems_are_reported_at_once_each_with_its_origin() {
    let folder = configured(
        "[node]\nlistn = []\n\n[runtime]\ninit_timeout = 10\n\n[plugins.echoo]\n\n[plugins.greeter]\nenabled = \"yes\"\n\n\
         [plugins.greeter.clients.CLIENT]\nulr = \"ws://127.0.0.1/\"\n",
    );
    bristle(folder.path(), &["check"], &[("BRISTLE_NOD__LISTEN", "1")])
        .expect(1)
        .complains("bristle.toml:2: node.listn: unknown key, did you mean `listen`?")
        .complains("bristle.toml:5: runtime.init_timeout: a duration needs a unit: write `\"10s\"` or `\"10ms\"`")
        .complains("bristle.toml:7: plugins.echoo: no plugin `echoo` is linked, did you mean `echo`?")
        .complains(
            "bristle.toml:10: plugins.greeter.enabled: the text \"yes\" was found, `true` or `false` was expected",
        )
        .complains("bristle.toml:13: plugins.greeter.clients.CLIENT.ulr: unknown key, did you mean `url`?")
        .complains("BRISTLE_NOD__LISTEN: nod: unknown key, did you mean `node`?");
    bristle(folder.path(), &["run"], &[]).expect(1).complains("did you mean `listen`?");
}

#[test]
fn a_syntax_error_shows_the_line_and_the_key() {
    let folder = configured("[plugins.greeter]\ngreeting = hello\n");
    bristle(folder.path(), &["check"], &[])
        .expect(1)
        .complains("bristle.toml:2:12: plugins.greeter.greeting: ")
        .complains("2 | greeting = hello");
}

#[test]
fn a_check_opens_no_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let address = listener.local_addr().expect("an address");
    let folder = configured(&format!("[plugins.greeter.clients.CLIENT]\nurl = \"ws://{address}/\"\n"));
    bristle(folder.path(), &["check", "--listen", &address.to_string()], &[]).expect(0).says("ok: ");
    assert!(listener.accept().is_err(), "the check dialled its client");
}

#[test]
fn a_port_in_use_ends_the_run_with_1_and_names_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let folder = configured("");
    bristle(folder.path(), &["--listen", &address], &[]).expect(1).complains(&address);
}

#[test]
fn with_json_logs_a_failed_run_is_a_line_of_json() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let folder = configured("");
    let outcome = bristle(folder.path(), &["--log-format", "json", "--listen", &address], &[]);
    let lines = outcome.expect(1).stderr.lines();
    let last: Value = serde_json::from_str(lines.last().expect("a line")).expect("JSON");
    assert_eq!(last["level"], "ERROR", "{last}");
}
