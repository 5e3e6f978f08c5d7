//! Runs, polled by JavaScript.
//!
//! An exported `async fn` that panics would never settle, and its trap would be thrown out of a microtask where
//! no `try` can catch it. So the futures stay here and JavaScript calls [`poll`] inside its own `try`
//! (js/src/core.ts); the waker only asks it to.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use wasm_bindgen::{JsError, JsValue};

type Task = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

struct Run {
    id: u32,
    /// Absent while it is being polled.
    task: Option<Task>,
    wake: js_sys::Function,
}

thread_local! {
    static RUNS: RefCell<Vec<Run>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u32> = const { Cell::new(1) };
    static REPORT: RefCell<Option<js_sys::Function>> = const { RefCell::new(None) };
}

struct RunWaker(u32);

impl Wake for RunWaker {
    fn wake(self: Arc<Self>) {
        let wake = RUNS.with_borrow(|runs| runs.iter().find(|run| run.id == self.0).map(|run| run.wake.clone()));
        if let Some(wake) = wake {
            // It schedules a microtask and cannot throw.
            let _ = wake.call1(&JsValue::UNDEFINED, &JsValue::from(self.0));
        }
    }
}

/// Keeps a run's future; JavaScript must poll it once to start it.
pub(super) fn start(wake: js_sys::Function, task: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> u32 {
    let id = NEXT.replace(NEXT.get().wrapping_add(1));
    RUNS.with_borrow_mut(|runs| runs.push(Run { id, task: Some(Box::pin(task)), wake }));
    id
}

/// Polls a run once.
pub(super) fn poll(id: u32) -> Result<JsValue, JsValue> {
    let task = RUNS.with_borrow_mut(|runs| runs.iter_mut().find(|run| run.id == id).and_then(|run| run.task.take()));
    let Some(mut task) = task else { return Err(JsError::new("the run is not there, or is being polled").into()) };
    let waker = Waker::from(Arc::new(RunWaker(id)));
    match task.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Pending => {
            RUNS.with_borrow_mut(|runs| {
                if let Some(run) = runs.iter_mut().find(|run| run.id == id) {
                    run.task = Some(task);
                }
            });
            Ok(JsValue::UNDEFINED)
        }
        Poll::Ready(result) => {
            RUNS.with_borrow_mut(|runs| runs.retain(|run| run.id != id));
            result.map(|value| js_sys::Array::of1(&value).into())
        }
    }
}

/// Tells where a panic was. Its text stays here: it may quote data.
pub(super) fn install_panic_hook(report: js_sys::Function) {
    REPORT.set(Some(report));
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        REPORT.with_borrow(|report| {
            if let Some(report) = report {
                let _ = report.call1(&JsValue::UNDEFINED, &JsValue::from(place));
            }
        });
    }));
}
