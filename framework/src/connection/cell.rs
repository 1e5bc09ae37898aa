//! A place for one handler's future after another.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Holds a future on the heap. The next one takes the memory of the last where it has the same type, as all futures of one
/// handler do: a message that is handled at once costs no allocation.
pub struct FutureCell<T>(Option<Box<dyn Place<T>>>);

/// The memory for futures of one type, which is not known here.
trait Place<T>: Any + Send {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<T>;
}

/// A future, and what is made of its output.
struct PlaceOf<F, C> {
    future: Pin<Box<F>>,
    convert: C,
}

impl<T, F, C> Place<T> for PlaceOf<F, C>
where
    F: Future + Send + 'static,
    C: Fn(F::Output) -> T + Send + 'static,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        self.future.as_mut().poll(context).map(&self.convert)
    }
}

impl<T: 'static> FutureCell<T> {
    /// Replaces what is in it, and polls it for the first time; `convert` makes something of the future's output. In code that
    /// knows the future's type, so that the compiler makes one piece of both.
    ///
    /// A future that is done stays until the next one comes: it must be one that drops what it holds at its end, as every
    /// `async` function and block does.
    #[inline(always)]
    pub fn begin<F, C>(&mut self, future: F, convert: C, context: &mut Context<'_>) -> Poll<T>
    where
        F: Future + Send + 'static,
        C: Fn(F::Output) -> T + Send + 'static,
    {
        let held = self.0.as_deref_mut().and_then(|place| (place as &mut dyn Any).downcast_mut::<PlaceOf<F, C>>());
        if let Some(place) = held {
            place.convert = convert;
            // By one pointer, so that the compiler may see what it just wrote there.
            let mut held = place.future.as_mut();
            held.set(future);
            return held.poll(context).map(&place.convert);
        }
        self.0 = Some(Box::new(PlaceOf { future: Box::pin(future), convert }));
        self.poll(context)
    }

    /// Polls what is in it. A future that is done must be replaced before it is polled again.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().map_or(Poll::Pending, |place| place.poll(context))
    }
}

impl<T> Default for FutureCell<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: 'static> Future for FutureCell<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        FutureCell::poll(&mut self, context)
    }
}

impl<T> std::fmt::Debug for FutureCell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FutureCell").finish_non_exhaustive()
    }
}
