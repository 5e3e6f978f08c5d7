//! The only `wasm_bindgen`: what JavaScript calls, and the async driver that performs what the core asks for
//! through the host's own `fetch`.
//!
//! Settings come in as JSON text, because a struct read from a JavaScript object would skip unknown keys in
//! silence. Bytes cross as `Uint8Array`, one crossing a chunk or a body; nothing crosses per profile.

mod convert;
mod driver;
pub mod encoder;
mod executor;
mod host;
pub mod pace;

use crate::checkpoint::{self, CheckpointKey};
use crate::connection::{AccountSchema, Hostname};
use crate::delivery::pace::{Pace, WeakPace};
use crate::error::{Issue, Stop};
use crate::export::{Account, Discovery, Export, ExportOptions, Keep, Progress, Remote, RunResult, Summary, Wanted};
use crate::json::{Json, Writer};
use crate::mapping::suggest::suggest;
use crate::plan::Plan;
use crate::rejection::{Rule, RuleCounts};
use crate::service::{self, Action, Role, Sharing};
use convert::to_js;
use host::{CoreHost, Kept};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Smaller than the default allocator, as fast and as frugal.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Hands the place of a panic, never its text, to JavaScript. To be called once for each fresh instance.
#[wasm_bindgen(js_name = installPanicHook)]
pub fn install_panic_hook(report: js_sys::Function) {
    executor::install_panic_hook(report);
}

/// Polls a run: `undefined` while it is pending, `[value]` once it is done.
///
/// # Errors
/// Whatever the host's own functions threw, unchanged.
#[wasm_bindgen]
pub fn poll(id: u32) -> Result<JsValue, JsValue> {
    executor::poll(id)
}

/// Bytes of the instance's memory, which never shrinks.
#[wasm_bindgen(js_name = memoryBytes)]
#[must_use]
pub fn memory_bytes() -> f64 {
    wasm_bindgen::memory()
        .unchecked_into::<js_sys::WebAssembly::Memory>()
        .buffer()
        .unchecked_into::<js_sys::ArrayBuffer>()
        .byte_length()
        .into()
}

/// The issues of a definition; empty when it is right. `account` is an account schema as JSON.
#[wasm_bindgen(js_name = checkDefinition)]
#[must_use]
pub fn check_definition(settings: &str, account: Option<String>, allowed_hosts: Vec<String>) -> JsValue {
    let issues = match read_account(account.as_deref()) {
        Err(issue) => vec![issue],
        Ok(account) => Plan::parse(settings.as_bytes(), account.as_ref(), &allowed_hosts).err().unwrap_or_default(),
    };
    to_js(&issues)
}

/// What a hostname is.
struct HostCheck {
    host: Option<String>,
    reason: Option<String>,
    corrected: Option<String>,
}

impl Json for HostCheck {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.optional("host", &self.host);
            json.optional("reason", &self.reason);
            json.optional("corrected", &self.corrected);
        });
    }
}

/// Checks a hostname: `{ host }`, or `{ reason, corrected? }`.
#[wasm_bindgen(js_name = checkHostname)]
#[must_use]
pub fn check_hostname(text: &str, allowed_hosts: Vec<String>) -> JsValue {
    to_js(&match Hostname::parse(text, &allowed_hosts) {
        Ok(host) => HostCheck { host: Some(host.as_str().to_owned()), reason: None, corrected: None },
        Err(error) => HostCheck { host: None, reason: Some(error.reason), corrected: error.corrected },
    })
}

/// Guesses a mapping from the names of columns.
///
/// # Errors
/// The account schema is not valid.
#[wasm_bindgen(js_name = suggestMapping)]
pub fn suggest_mapping(columns: Vec<String>, account: Option<String>) -> Result<JsValue, JsValue> {
    let account = read_account(account.as_deref()).map_err(|issue| to_js(&Stop::settings(vec![issue])))?;
    Ok(to_js(&suggest(&columns, account.as_ref())))
}

struct RuleText(Rule);

impl Json for RuleText {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("code", &self.0.code());
            json.member("reason", &self.0.reason());
            json.member("remedy", &self.0.remedy());
        });
    }
}

/// All rules by which a profile can be rejected, with reason and remedy in plain words.
#[wasm_bindgen]
#[must_use]
pub fn rules() -> JsValue {
    to_js(&Rule::ALL.iter().copied().map(RuleText).collect::<Vec<_>>())
}

/// Whether a user of this role may do this; what has an unknown name is denied.
#[wasm_bindgen]
#[must_use]
pub fn allowed(role: &str, action: &str, sharing: &str) -> bool {
    let role = Role::ALL.into_iter().find(|one| one.name() == role);
    let action = Action::ALL.into_iter().find(|one| one.name() == action);
    let sharing = match sharing {
        "shared" => Sharing::Shared,
        "own_detached" => Sharing::OwnDetached,
        _ => Sharing::Withheld,
    };
    role.zip(action).is_some_and(|(role, action)| service::allowed(role, action, sharing))
}

/// The issues of a connection's settings, which are JSON; empty when they are right.
#[wasm_bindgen(js_name = checkConnection)]
#[must_use]
pub fn check_connection(settings: &str, allowed_hosts: Vec<String>) -> JsValue {
    to_js(&service::check(settings.as_bytes(), &allowed_hosts))
}

/// The statement that a connection's consent is given to: its version, then its text.
#[wasm_bindgen(js_name = privacyStatement)]
#[must_use]
pub fn privacy_statement() -> Vec<String> {
    vec![service::PRIVACY_VERSION.to_owned(), service::PRIVACY_STATEMENT.to_owned()]
}

/// Starts reading an account; `poll` gives `{ account }` or `{ stop }`.
#[wasm_bindgen(js_name = startDiscovery)]
#[must_use]
pub fn start_discovery(host: CoreHost, wake: js_sys::Function, tags: bool, limit: bool, seed: u64) -> u32 {
    executor::start(wake, async move {
        let pace = pace_of(host.account());
        let mut discovery = Discovery::sharing(&pace, Wanted { tags, limit }, seed, host.time());
        Ok(to_js(&match driver::discover(&mut discovery, &host).await? {
            Ok(account) => Discovered { account: Some(account), stop: None },
            Err(stop) => Discovered { account: None, stop: Some(stop) },
        }))
    })
}

struct Discovered {
    account: Option<Account>,
    stop: Option<Stop>,
}

impl Json for Discovered {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.optional("account", &self.account);
            json.optional("stop", &self.stop);
        });
    }
}

/// Starts a run; `poll` gives its summary. The account is read first, so that a list or field that is not
/// there is refused before any profile is read.
#[wasm_bindgen(js_name = startExport)]
#[must_use]
pub fn start_export(
    settings: String,
    allowed_hosts: Vec<String>,
    host: CoreHost,
    wake: js_sys::Function,
    seed: u64,
    reveal: bool,
    source_bytes: Option<f64>,
) -> u32 {
    executor::start(wake, async move {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length in bytes, below 2^53")]
        let source_bytes = source_bytes.map(|bytes| bytes as u64);
        if let Err(issues) = Plan::parse(settings.as_bytes(), None, &allowed_hosts) {
            return Ok(blocked(Stop::settings(issues)));
        }
        let loaded = JsFuture::from(host.load()?).await?;
        let kept = (!loaded.is_undefined()).then(|| loaded.unchecked_into::<Kept>());
        let keep = kept.as_ref().map(|kept| keep_of(kept, &host.account()));
        let options = ExportOptions { seed, reveal, source_bytes, keep };
        let (checkpoint, last) = match &kept {
            Some(kept) => (kept.checkpoint().map(|bytes| bytes.to_vec()), kept.last().map(|bytes| bytes.to_vec())),
            None => (None, None),
        };
        // The windows that the last process used are those of this one too.
        let before = checkpoint.as_deref().or(last.as_deref());
        let remote = match keep.zip(before).map(|(keep, before)| Export::aftermath(keep, before)) {
            Some(Err(_)) if checkpoint.is_none() && kept.as_ref().is_some_and(Kept::given_up) => {
                Some(Remote::after_the_unknown(host.time()))
            }
            Some(Err(stop)) => return Ok(blocked(stop)),
            Some(Ok(remote)) => Some(remote),
            None => None,
        };
        let pace = pace_of(host.account());
        let mut discovery = Discovery::sharing(&pace, Wanted::default(), seed, host.time()).after(remote, host.time());
        let account = match driver::discover(&mut discovery, &host).await? {
            Ok(account) => account,
            Err(stop) => return Ok(blocked(stop)),
        };
        let plan = match Plan::parse(settings.as_bytes(), Some(&account.schema), &allowed_hosts) {
            Ok(plan) => plan,
            Err(issues) => return Ok(blocked(Stop::settings(issues))),
        };
        let (remote, now) = (Some(discovery.into_remote()), host.time());
        let mut export = match checkpoint {
            None => Export::new(plan, options, remote, now),
            Some(checkpoint) => {
                let log = kept.and_then(|kept| kept.log()).map(|log| log.to_vec()).unwrap_or_default();
                match Export::resume(plan, options, remote, now, &checkpoint, &log) {
                    Ok(export) => export,
                    Err(stop) => return Ok(blocked(stop)),
                }
            }
        };
        #[allow(clippy::cast_precision_loss, reason = "an offset in bytes, below 2^53")]
        host.open(export.source_offset() as f64)?;
        let summary = driver::export(&mut export, &host).await?;
        Ok(to_js(&summary))
    })
}

fn keep_of(kept: &Kept, account: &str) -> Keep {
    let mut key = [0; 16];
    for (byte, given) in key.iter_mut().zip(kept.key().to_vec()) {
        *byte = given;
    }
    Keep { key: CheckpointKey::new(key), account: checkpoint::stands_for(account.as_bytes()) }
}

thread_local! {
    static PACES: RefCell<Vec<(String, WeakPace)>> = const { RefCell::new(Vec::new()) };
}

/// The windows of an account, shared by all runs of this instance that ask it.
fn pace_of(account: String) -> Pace {
    PACES.with_borrow_mut(|paces| {
        paces.retain(|(_, pace)| pace.upgrade().is_some());
        if let Some(pace) = paces.iter().find(|(name, _)| *name == account).and_then(|(_, pace)| pace.upgrade()) {
            return pace;
        }
        let pace = Pace::default();
        paces.push((account, pace.downgrade()));
        pace
    })
}

#[inline(never)]
fn blocked(stop: Stop) -> JsValue {
    to_js(&stopped(stop))
}

/// The summary of a run that ended before its source was opened.
fn stopped(stop: Stop) -> Summary {
    // A run that was cancelled while the account was being read is cancelled like any other.
    let cancelled = stop.code == "cancelled";
    Summary {
        result: if cancelled { RunResult::Cancelled } else { RunResult::Blocked },
        progress: Progress::default(),
        rejected_by_rule: RuleCounts::default(),
        omissions: Vec::new(),
        stop: Some(stop).filter(|_| !cancelled),
        duration_millis: 0,
    }
}

fn read_account(text: Option<&str>) -> Result<Option<AccountSchema>, Issue> {
    let Some(text) = text else { return Ok(None) };
    AccountSchema::from_json(text.as_bytes()).map(Some).map_err(|problem| {
        Issue::new("account", "account", &format!("The account schema is not as describeAccount gives it: {problem}."))
    })
}
