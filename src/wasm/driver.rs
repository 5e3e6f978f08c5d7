//! The async loop: performs what a machine asks for through the host, and tells it what happened.

use super::convert::to_js;
use super::host::{Answer, CoreHost};
use crate::error::Misuse;
use crate::export::{Discovery, Export, Input, Output, Request, Sent, Store, Summary, Wait};
use crate::time::Timestamp;
use js_sys::Uint8Array;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A machine of the core that is told what happened. One loop drives every kind: it is compiled once.
pub(super) trait Machine {
    fn tell(&mut self, now: Timestamp, input: &Input<'_>) -> Result<(), Misuse>;
    fn next(&mut self) -> Option<Output<()>>;
}

/// A machine and how it ended.
pub(super) struct Driven<'a, M, F>(pub(super) &'a mut M, pub(super) Option<F>);

impl Machine for Driven<'_, Export, Summary> {
    fn tell(&mut self, now: Timestamp, input: &Input<'_>) -> Result<(), Misuse> {
        self.0.handle_input(now, input)
    }
    fn next(&mut self) -> Option<Output<()>> {
        self.0.poll_output().map(|output| output.without_end(&mut self.1))
    }
}

impl Machine for Driven<'_, Discovery, Discovered> {
    fn tell(&mut self, now: Timestamp, input: &Input<'_>) -> Result<(), Misuse> {
        self.0.handle_input(now, input)
    }
    fn next(&mut self) -> Option<Output<()>> {
        self.0.poll_output().map(|output| output.without_end(&mut self.1))
    }
}

/// How reading an account ends.
pub(super) type Discovered = Result<crate::export::Account, crate::error::Stop>;

/// Reads an account to its end.
pub(super) async fn discover(discovery: &mut Discovery, host: &CoreHost) -> Result<Discovered, JsValue> {
    let mut driven = Driven(discovery, None);
    drive(&mut driven, host).await?;
    driven.1.ok_or_else(lost)
}

/// Runs an export to its end.
pub(super) async fn export(export: &mut Export, host: &CoreHost) -> Result<Summary, JsValue> {
    let mut driven = Driven(export, None);
    drive(&mut driven, host).await?;
    driven.1.ok_or_else(lost)
}

fn lost() -> JsValue {
    JsError::new("the core neither waits nor finishes").into()
}

enum Event {
    Bytes(Option<Uint8Array>),
    SourceFailed,
    Answer(u64, Answer),
    Stored(u64, JsValue),
    Woken(u64),
    HostFailed(JsValue),
}

type Pending = Vec<Pin<Box<dyn Future<Output = Event>>>>;

/// Drives a machine to its end.
async fn drive(machine: &mut dyn Machine, host: &CoreHost) -> Result<(), JsValue> {
    let mut pending: Pending = Vec::new();
    let (mut reading, mut timer, mut cancelled) = (false, None, false);
    loop {
        let Some(wait) = drain(machine, host, &mut pending)? else { return Ok(()) };
        if wait.wants_bytes && !reading {
            reading = true;
            pending.push(read(host)?);
        }
        if let Some(until) = wait.until.filter(|until| timer.is_none_or(|timer| *until < timer)) {
            timer = Some(until);
            pending.push(sleep(host, until));
        }
        let aborted = || !cancelled && host.signal().is_some_and(|signal| signal.aborted());
        let misuse = |error: Misuse| JsValue::from(JsError::new(&error.to_string()));
        match next_event(&mut pending, aborted).await {
            None => {
                cancelled = true;
                machine.tell(host.time(), &Input::Cancel).map_err(misuse)?;
            }
            Some(Event::Bytes(Some(bytes))) => {
                reading = false;
                machine.tell(host.time(), &Input::Bytes(&bytes.to_vec())).map_err(misuse)?;
            }
            Some(Event::Bytes(None)) => machine.tell(host.time(), &Input::EndOfSource).map_err(misuse)?,
            Some(Event::SourceFailed) => machine.tell(host.time(), &Input::SourceFailed).map_err(misuse)?,
            Some(Event::Answer(id, answer)) => tell_answer(machine, host.time(), id, &answer).map_err(misuse)?,
            Some(Event::Stored(number, outcome)) => {
                let input = match outcome.as_string().as_deref() {
                    Some("stored") => Input::Stored { number },
                    word => Input::NotStored { number, taken_over: word == Some("taken_over") },
                };
                machine.tell(host.time(), &input).map_err(misuse)?;
            }
            Some(Event::Woken(until)) => {
                // A sleep that a sooner one replaced has nothing to say about the timer.
                if timer.is_some_and(|timer| timer.as_millis() == until) {
                    timer = None;
                }
                machine.tell(host.time(), &Input::Wake).map_err(misuse)?;
            }
            Some(Event::HostFailed(error)) => return Err(error),
        }
    }
}

/// Performs a machine's outputs up to the next `Wait`, or to its end; reports cross once, as arrays.
fn drain(machine: &mut dyn Machine, host: &CoreHost, pending: &mut Pending) -> Result<Option<Wait>, JsValue> {
    let mut rejections = Vec::new();
    let mut progress = None;
    let wait = loop {
        match machine.next() {
            Some(Output::Send(request)) => pending.push(send(host, request)?),
            Some(Output::Reject(rejection)) => rejections.push(rejection),
            Some(Output::Store(state)) => {
                // The host stores with a state what it was told before.
                if !rejections.is_empty() {
                    host.reject(to_js(&core::mem::take(&mut rejections)))?;
                }
                pending.push(store(host, &state)?);
            }
            Some(Output::Report(report)) => progress = Some(report),
            Some(Output::Wait(wait)) => break Some(wait),
            Some(Output::Finish(())) => break None,
            None => return Err(lost()),
        }
    };
    if !rejections.is_empty() {
        host.reject(to_js(&rejections))?;
    }
    if let Some(progress) = progress {
        host.report(to_js(&progress))?;
    }
    Ok(wait)
}

/// The first event of those pending; `None` when the run was cancelled.
async fn next_event(pending: &mut Pending, aborted: impl Fn() -> bool) -> Option<Event> {
    poll_fn(|context| {
        if aborted() {
            return Poll::Ready(None);
        }
        for index in 0..pending.len() {
            let Some(future) = pending.get_mut(index) else { break };
            if let Poll::Ready(event) = future.as_mut().poll(context) {
                drop(pending.swap_remove(index));
                return Poll::Ready(Some(event));
            }
        }
        Poll::Pending
    })
    .await
}

fn send(host: &CoreHost, request: Request) -> Result<Pin<Box<dyn Future<Output = Event>>>, JsValue> {
    let body = request.call.body.as_deref().map(Uint8Array::from);
    let promise = host.fetch(request.call.method.name(), &request.call.path, request.kind.name(), body)?;
    Ok(Box::pin(async move {
        match JsFuture::from(promise).await {
            Ok(answer) => Event::Answer(request.id, answer.unchecked_into()),
            Err(error) => Event::HostFailed(error),
        }
    }))
}

#[allow(clippy::cast_precision_loss, reason = "a length in bytes, below 2^53")]
fn store(host: &CoreHost, state: &Store) -> Result<Pin<Box<dyn Future<Output = Event>>>, JsValue> {
    let (checkpoint, log) = (Uint8Array::from(state.checkpoint.as_slice()), Uint8Array::from(state.log.as_slice()));
    let promise = host.store(checkpoint, log, state.log_bytes as f64)?;
    let number = state.number;
    Ok(Box::pin(async move {
        match JsFuture::from(promise).await {
            Ok(outcome) => Event::Stored(number, outcome),
            Err(error) => Event::HostFailed(error),
        }
    }))
}

fn read(host: &CoreHost) -> Result<Pin<Box<dyn Future<Output = Event>>>, JsValue> {
    let promise = host.read()?;
    Ok(Box::pin(async move {
        match JsFuture::from(promise).await {
            Ok(bytes) if bytes.is_null() || bytes.is_undefined() => Event::Bytes(None),
            Ok(bytes) => Event::Bytes(Some(bytes.unchecked_into())),
            Err(_) => Event::SourceFailed,
        }
    }))
}

fn sleep(host: &CoreHost, until: Timestamp) -> Pin<Box<dyn Future<Output = Event>>> {
    #[allow(clippy::cast_precision_loss, reason = "a wait of minutes")]
    let promise = host.sleep(until.since(host.time()) as f64);
    Box::pin(async move {
        match JsFuture::from(promise).await {
            Ok(_) => Event::Woken(until.as_millis()),
            Err(error) => Event::HostFailed(error),
        }
    })
}

fn tell_answer(machine: &mut dyn Machine, now: Timestamp, id: u64, answer: &Answer) -> Result<(), Misuse> {
    let Some(status) = answer.status() else {
        let sent = if answer.unsent() == Some(true) { Sent::No } else { Sent::Unknown };
        return machine.tell(now, &Input::Unanswered { id, sent });
    };
    let body = answer.body().map(|body| body.to_vec()).unwrap_or_default();
    let retry_after = answer.retry_after();
    machine.tell(now, &Input::Response { id, status, retry_after: retry_after.as_deref(), body: &body })
}
