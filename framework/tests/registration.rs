//! What attributes register: a binary of its own, so that the registry holds these hooks and no others.

use bristle::plugin::Hook;
use bristle::prelude::*;
use bristle::{Registration, Registry};

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

mod zebra {
    use bristle::prelude::*;

    #[init]
    pub(crate) async fn first_in_the_file() {}
}

#[on_message(CLIENT)]
async fn second(message: Message) -> Message {
    message
}

mod aardvark {
    use bristle::prelude::*;

    #[shutdown]
    pub(crate) async fn third() {}

    pub(crate) mod inner {
        use bristle::prelude::*;

        #[on_close(super::super::CLIENT)]
        pub(crate) async fn fourth() {}
    }
}

fn names(registry: &Registry) -> Vec<&'static str> {
    registry.items().iter().map(|item| item.origin.name).collect()
}

#[test]
fn hooks_are_in_the_order_of_the_source_whatever_order_the_linker_chose() {
    let registry = Registry::linked();
    assert_eq!(names(&registry), ["first_in_the_file", "second", "third", "fourth"]);
    let backwards: Registry = registry.items().iter().rev().copied().collect();
    assert_eq!(names(&backwards), names(&registry));
}

#[test]
fn each_registration_knows_its_plugin_its_file_and_its_line() {
    let registry = Registry::linked();
    let Registration { origin, hook } = registry.items()[1];
    assert_eq!((origin.plugin, origin.name), ("bristle", "second"));
    assert!(origin.file.ends_with("registration.rs") && origin.module.ends_with("registration"), "{origin:?}");
    let line = include_str!("registration.rs").lines().position(|line| line.starts_with("async fn second"));
    assert_eq!(Some(origin.line as usize), line.map(|index| index + 1));
    assert!(matches!(hook, Hook::Message(hook) if hook.slot.path == "CLIENT" && hook.priority == 0));
}

#[test]
fn a_test_takes_the_hooks_of_one_module_only() {
    assert_eq!(names(&Registry::linked().in_module("registration::aardvark")), ["third", "fourth"]);
    assert_eq!(names(&Registry::linked().in_module("registration::aard")), [""; 0]);
    assert_eq!(names(&Registry::linked().only(&["other"])), [""; 0]);
    assert_eq!(Registry::linked().plugins(), ["bristle"]);
}

#[test]
fn hooks_stay_functions_that_can_be_called() {
    let _: (fn() -> _, fn() -> _) = (zebra::first_in_the_file, aardvark::third);
    let _ = aardvark::inner::fourth;
    let _ = second;
}
