//! The control interface: HTTP and JSON on loopback, for whoever runs the sandbox.
//!
//! `GET /health`, `GET /ledger[?effects=1]`, `GET /objects`, `POST /faults[?replace=1]` (a list of faults in text or
//! JSON), `DELETE /faults`, `POST /messages` (`{"account": ..., "type": ..., ...}`), `POST /domains`
//! (`{"domain": ..., "is_locked": true, "dispute": "a handle, or null"}`), `POST /accounts`
//! (`{"account": ..., "balance": cents, "allowed": ["127.0.0.1"]}`), `POST /clock` (`{"advance_seconds": n}`,
//! `{"advance_days": n}` of 24 hours each, or `{"set": "2026-12-01T02:30:00+01:00"}`; `{"advance_all_seconds": n}` if the
//! clocks of the clients were moved, too: signatures are judged by these).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::faults::FaultSpec;
use super::{Registry, Shared, lock};

/// An answer, or a status and what was wrong with the request.
type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

#[derive(Clone)]
struct Control {
    shared: Arc<Shared>,
    registries: Arc<[Arc<dyn Registry>]>,
}

/// Serves until the sandbox stops.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, registries: Vec<Arc<dyn Registry>>) {
    let stop = shared.stop.clone();
    let router = Router::new()
        .route("/health", get(health))
        .route("/ledger", get(ledger))
        .route("/objects", get(objects))
        .route("/faults", post(add_faults).delete(clear_faults))
        .route("/messages", post(put_message))
        .route("/domains", post(mark_domain))
        .route("/accounts", post(mark_account))
        .route("/clock", post(move_clock))
        .with_state(Control { shared, registries: registries.into() });
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(%error, "the sandbox's control interface ended");
    }
}

fn refused(why: impl std::fmt::Display) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why.to_string() })))
}

async fn health(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "ok": true, "now": control.shared.clock.now() }))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LedgerQuery {
    effects: u8,
}

/// Copied before it is written: a long ledger must not keep the registries waiting.
async fn ledger(State(control): State<Control>, Query(query): Query<LedgerQuery>) -> Response {
    if query.effects == 0 {
        let ledger = lock(&control.shared.ledger).clone();
        return Json(ledger).into_response();
    }
    let effects = lock(&control.shared.ledger).effects.clone();
    Json(json!({ "effects": effects })).into_response()
}

async fn objects(State(control): State<Control>) -> Json<Value> {
    let of = |registry: &Arc<dyn Registry>| (registry.ready().0.to_owned(), registry.objects());
    Json(Value::Object(control.registries.iter().map(of).collect()))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FaultQuery {
    replace: u8,
}

async fn add_faults(State(control): State<Control>, Query(query): Query<FaultQuery>, body: Json<Value>) -> Answer {
    let specs: Vec<FaultSpec> = serde_json::from_value(body.0).map_err(refused)?;
    let mut faults = lock(&control.shared.faults);
    if query.replace != 0 {
        faults.clear();
    }
    faults.add(specs);
    Ok(Json(json!({ "faults": faults.len() })))
}

async fn clear_faults(State(control): State<Control>) -> Json<Value> {
    lock(&control.shared.faults).clear();
    Json(json!({ "faults": 0 }))
}

async fn put_message(State(control): State<Control>, Json(mut body): Json<Value>) -> Answer {
    let account = body.as_object_mut().and_then(|fields| fields.remove("account"));
    let account = account.as_ref().and_then(Value::as_str).ok_or_else(|| refused("a message needs an `account`"))?;
    let put = control.registries.iter().find_map(|registry| registry.put_message(account, &body));
    match put {
        Some(Ok(answer)) => Ok(Json(answer)),
        Some(Err(why)) => Err(refused(why)),
        None => Err(refused("no registry has this account")),
    }
}

async fn mark_domain(State(control): State<Control>, Json(body): Json<Value>) -> Answer {
    let marked = control.registries.iter().find_map(|registry| registry.mark_domain(&body));
    marked.unwrap_or_else(|| Err("no registry has this domain".into())).map(Json).map_err(refused)
}

async fn mark_account(State(control): State<Control>, Json(body): Json<Value>) -> Answer {
    let marked = control.registries.iter().find_map(|registry| registry.mark_account(&body));
    marked.unwrap_or_else(|| Err("no registry can change this account".into())).map(Json).map_err(refused)
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClockMove {
    AdvanceSeconds(i64),
    AdvanceDays(i64),
    AdvanceAllSeconds(i64),
    Set(Timestamp),
}

async fn move_clock(State(control): State<Control>, Json(body): Json<Value>) -> Answer {
    let clock = &control.shared.clock;
    let now = match serde_json::from_value(body).map_err(refused)? {
        ClockMove::AdvanceSeconds(seconds) => clock.advance(seconds),
        ClockMove::AdvanceDays(days) => clock.advance(days.saturating_mul(86_400)),
        ClockMove::AdvanceAllSeconds(seconds) => clock.advance_all(seconds),
        ClockMove::Set(to) => clock.set(to),
    };
    let now = now.map_err(refused)?;
    // At once, so that whoever moved the clock finds what came of it, even if nobody asks the registry anything.
    let happened: usize = control.registries.iter().map(|registry| registry.catch_up()).sum();
    Ok(Json(json!({ "now": now, "happened": happened })))
}
