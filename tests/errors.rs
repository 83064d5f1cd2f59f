//! The table of errors in the docs is the table in the code.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use coupon_pools::error::Code;

#[test]
fn the_docs_list_every_error_code() {
    let mut table = String::from(
        "# Errors\n\nEvery error is an `Error` of a class below, with a stable `code`, `details`, and as `cause` the \
         adapter's own error where there is one.\nThis table is `src/error.rs`; `UPDATE_DOCS=1 cargo test --test errors` \
         writes it.\n\n| code | class | when, and what to do |\n| --- | --- | --- |\n",
    );
    for code in Code::ALL {
        writeln!(table, "| `{}` | `{:?}` | {} |", code.as_str(), code.class(), code.about().trim()).unwrap();
    }
    table.push_str(
        "| `ENGINE_CRASHED` | `EngineCrashedError` | The engine crashed and was replaced. Draws, renders and look-ups were \
         tried once more before you see this; uploads and exports start again. |\n\
         | `WORKER_UNAVAILABLE` | `CouponPoolsError` | The worker of an upload could not be started: its script was not \
         found, or the page may not run it; nothing was stored. docs/uploads.md says what each page needs. |\n\
         | `POOL_NOT_ARCHIVED` | `PoolConflictError` | `copyPool` copies archived pools only, so that nobody draws \
         meanwhile; archive it first. |\n\
         | `POOL_UNFINISHED` | `PoolConflictError` | `copyPool` copies no pool that something is begun in: a top-up or a \
         withdrawal at its shop (run `maintain` until that is done), or a copy that was broken off (call it again first). |\n\
         | `STORE_CANNOT_MOVE` | `CouponPoolsError` | `copyPool` cannot copy from or to this store yet; docs/stores/moving.md \
         says which it can. |\n",
    );
    table.push_str(
        "\n`coupon-pools/server` and `coupon-pools/client` have codes of their own, all of `CouponPoolsError`:\n\n\
         | code | status | when, and what to do |\n| --- | --- | --- |\n\
         | `FORBIDDEN` | 403 | `authorize` does not let this request do this. |\n\
         | `WRONG_ORIGIN` | 403 | A page of another origin asks for a change; name its origin in the handler's `origins`. |\n\
         | `ROUTE_NOT_FOUND` | 404 | There is nothing at this path; check the client's `url` and the handler's `base`. |\n\
         | `METHOD_NOT_ALLOWED` | 405 | Another method is meant; `details.allow` lists them. |\n\
         | `BODY_TOO_LARGE` | 413 | The body is larger than the handler's `limits` allow; `details.limit` is the limit. |\n\
         | `BODY_TYPE` | 415 | The body was not sent as JSON. |\n\
         | `RATE_LIMITED` | 429 | Too many requests, or uploads at a time; `details.retryAfter` is in seconds. |\n\
         | `SERVER_UNREACHABLE` | | No answer came; the `cause` says more. Nobody knows whether the request was heard. |\n\
         | `SERVER_ANSWER` | | The answer broke off, or is none of a handler's; check the client's `url`. |\n",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == table,
        "docs/errors.md is not what src/error.rs says: run UPDATE_DOCS=1 cargo test --test errors"
    );
}
