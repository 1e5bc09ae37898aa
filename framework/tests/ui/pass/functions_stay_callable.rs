//! A hook is still the function that its author wrote, or it could not be called from a test or another function.

use bristle::prelude::*;

mod plugin {
    use super::*;

    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    /// Doubles a message.
    #[must_use]
    #[on_message(CLIENT)]
    pub(super) async fn double(text: String) -> String {
        text.repeat(2)
    }
}

fn main() {
    fn returns<T>(_: impl Future<Output = T>) -> std::marker::PhantomData<T> {
        std::marker::PhantomData
    }
    let _: std::marker::PhantomData<String> = returns(plugin::double("a".to_owned()));

    #[init]
    async fn in_a_function() {}
    drop(in_a_function());
}
