//! A plugin for Sluice in Rust: `call("add", "add", {x = 1, y = 2})` answers 3.
//!
//!     cargo build --release        # makes target/release/libadd.so
//!
//! The first half says in Rust what sluice/plugin.h says in C; the second is the plugin.

use serde_json::{json, Value};
use std::ffi::{c_char, c_int, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::slice;

const ABI: u32 = 1;
const LOG_INFO: c_int = 1;

/// One call on its way; only the server knows what it is.
#[repr(C)]
pub struct Call {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Host {
    abi: u32,
    struct_size: u32,
    context: *mut c_void,
    concurrency: u32,
    timeout_ms: u32,
    max_answer_bytes: u64,
    succeed: extern "C" fn(*mut Call, *const c_char, usize),
    fail: extern "C" fn(*mut Call, *const c_char, usize),
    is_abandoned: extern "C" fn(*const Call) -> c_int,
    remaining_ms: extern "C" fn(*const Call) -> i64,
    log: extern "C" fn(*mut c_void, c_int, *const c_char, usize),
}

#[repr(C)]
pub struct Plugin {
    abi: u32,
    struct_size: u32,
    name: *const c_char,
    version: *const c_char,
    actions: *const [*const c_char; 2], // NULL behind the last
    flags: u32,
    open: extern "C" fn(
        *const Host,
        *const c_char,
        usize,
        *mut *mut c_void,
        *mut c_char,
        usize,
    ) -> c_int,
    call: extern "C" fn(*mut c_void, *const c_char, *const c_char, usize, *mut Call),
    close: extern "C" fn(*mut c_void),
}
// Its pointers are to what never changes.
unsafe impl Sync for Plugin {}
struct Actions([*const c_char; 2]);
unsafe impl Sync for Actions {}

static ACTIONS: Actions = Actions([b"add\0".as_ptr() as *const c_char, ptr::null()]);
static PLUGIN: Plugin = Plugin {
    abi: ABI,
    struct_size: std::mem::size_of::<Plugin>() as u32,
    name: b"add\0".as_ptr() as *const c_char,
    version: b"1.0.0\0".as_ptr() as *const c_char,
    actions: &ACTIONS.0,
    flags: 0,
    open,
    call,
    close,
};

/// The one symbol that the server looks for.
#[no_mangle]
pub extern "C" fn sluice_plugin_entry(host_abi: u32) -> *const Plugin {
    if host_abi < ABI {
        return ptr::null();
    }
    &PLUGIN
}

/// What is kept between calls. They come from several threads at once, by a shared reference: the compiler sees to it that
/// what changes is behind a lock.
struct State {
    host: &'static Host,
}

extern "C" fn open(
    host: *const Host,
    config: *const c_char,
    config_size: usize,
    state: *mut *mut c_void,
    error: *mut c_char,
    error_size: usize,
) -> c_int {
    let config = unsafe { slice::from_raw_parts(config as *const u8, config_size) };
    let refusal = match serde_json::from_slice::<Value>(config) {
        Ok(Value::Object(keys)) => keys
            .keys()
            .next()
            .map(|key| format!("there is no key '{key}'")),
        _ => Some("the configuration is no JSON object".to_string()),
    };
    if let Some(text) = refusal {
        let size = text.len().min(error_size.saturating_sub(1));
        unsafe {
            ptr::copy_nonoverlapping(text.as_ptr() as *const c_char, error, size);
            *error.add(size) = 0;
        }
        return 1;
    }
    let host: &'static Host = unsafe { &*host }; // it lives until close() has returned
    let line = format!("adds numbers, up to {} calls at a time", host.concurrency);
    (host.log)(
        host.context,
        LOG_INFO,
        line.as_ptr() as *const c_char,
        line.len(),
    );
    unsafe { *state = Box::into_raw(Box::new(State { host })) as *mut c_void };
    0
}

extern "C" fn call(
    state: *mut c_void,
    action: *const c_char,
    payload: *const c_char,
    payload_size: usize,
    call: *mut Call,
) {
    let state = unsafe { &*(state as *const State) };
    let action = unsafe { CStr::from_ptr(action) };
    let payload = unsafe { slice::from_raw_parts(payload as *const u8, payload_size) };
    // A panic must not leave this function: it would take the server along.
    let answer = catch_unwind(AssertUnwindSafe(|| match action.to_bytes() {
        b"add" => add(payload),
        _ => Err("there is no such action".to_string()),
    }));
    match answer {
        Ok(Ok(json)) => (state.host.succeed)(call, json.as_ptr() as *const c_char, json.len()),
        Ok(Err(text)) => (state.host.fail)(call, text.as_ptr() as *const c_char, text.len()),
        Err(_) => {
            let text = "the plugin failed inside";
            (state.host.fail)(call, text.as_ptr() as *const c_char, text.len())
        }
    }
}

extern "C" fn close(state: *mut c_void) {
    drop(unsafe { Box::from_raw(state as *mut State) });
}

/// The action: JSON in, JSON or a message out.
fn add(payload: &[u8]) -> Result<String, String> {
    let payload: Value = serde_json::from_slice(payload).map_err(|_| "the payload is no JSON")?;
    let (x, y) = (number(&payload, "x")?, number(&payload, "y")?);
    if let (Some(a), Some(b)) = (x.as_i64(), y.as_i64()) {
        return match a.checked_add(b) {
            Some(sum) => Ok(sum.to_string()),
            None => Err("x + y is beyond the integers of 64 bits".to_string()),
        };
    }
    let sum = x.as_f64().unwrap_or(f64::NAN) + y.as_f64().unwrap_or(f64::NAN);
    if !sum.is_finite() {
        return Err("x + y is beyond what a JSON number can be".to_string());
    }
    Ok(json!(sum).to_string()) // reads back as the same, and as a float
}

fn number<'a>(payload: &'a Value, key: &str) -> Result<&'a Value, String> {
    match payload.get(key) {
        Some(value) if value.is_number() => Ok(value),
        Some(_) => Err(format!("'{key}' must be a number")),
        None => Err(format!("the payload needs '{key}', a number")),
    }
}
