//! Pools: create, edit, archive, get, list.

use std::rc::Rc;

use super::step::{Counts, List, Page, Reply, Save, Saved, ShopOf, UsageOf};
use super::{Host, alerts, expiry};
use crate::error::{Code, Error, Result};
use crate::limits::RACE_RETRIES;
use crate::pool::document::{Kind, OnEmpty, PoolDocument, Reuse, Rung};
use crate::pool::forecast::{HOUR, LOOK_BACK, Usage, runs_out_at};
use crate::pool::settings::Settings;
use crate::pool::stock::Stock;
use crate::record::{Value, record};
use crate::shop::delivery::Target;

/// A pool as the dashboard shows it.
#[derive(Clone, Debug)]
pub struct PoolRow {
    handle: String,
    name: String,
    kind: Kind,
    /// Codes left; none for pools that never run out.
    remaining: Option<u64>,
    assigned: u64,
    /// Share of all codes ever added that is left; none for pools that never run out.
    percent_remaining: Option<f64>,
    expired: u64,
    void: u64,
    added: u64,
    fell_back: u64,
    redeemed: u64,
    /// When the stock runs out at the present rate.
    runs_out_at: Option<i64>,
    /// When the first of the codes that are left stop being valid.
    next_expiry: Option<i64>,
    /// Fresh draws by hour over the last week.
    usage: Vec<Usage>,
    /// When the figures were read, if they may be old.
    as_of: Option<i64>,
    reuse: Reuse,
    on_empty: OnEmpty,
    low_stock: Vec<Rung>,
    expires_at: Option<i64>,
    min_validity: i64,
    time_zone: String,
    case_sensitive: bool,
    fixed_code: Option<String>,
    /// What a dynamic pool generates.
    dynamic: Value,
    /// Codes that a dynamic pool has in stock.
    buffered: Option<u64>,
    /// What a person should know about the settings.
    warnings: Vec<String>,
    archived: bool,
    revision: u32,
    created_at: i64,
    updated_at: i64,
}

record!(to PoolRow {
    handle,
    name,
    kind,
    remaining,
    assigned,
    percent_remaining,
    expired,
    void,
    added,
    fell_back,
    redeemed,
    runs_out_at,
    next_expiry,
    usage,
    as_of,
    reuse,
    on_empty,
    low_stock,
    expires_at,
    min_validity,
    time_zone,
    case_sensitive,
    fixed_code,
    dynamic,
    buffered,
    warnings,
    archived,
    revision,
    created_at,
    updated_at,
});

/// Makes a pool.
pub async fn create(host: Host, handle: String, settings: Settings) -> Result<PoolRow> {
    let zone = settings.time_zone.clone().unwrap_or_else(|| "UTC".to_owned());
    let expires_at = resolve_expiry(&host, &settings, &zone).await?.flatten();
    let document = PoolDocument::create(&handle, &settings, expires_at, host.now())?;
    check_shop(&host, &document).await?;
    let saved = host.save(Save { document: document.clone(), expected: None, untouched: false }).await?;
    if !saved.saved {
        return Err(Error::new(
            Code::PoolExists,
            format!("there is a pool \"{handle}\" already: choose another handle, or edit that one"),
        )
        .with("pool", handle));
    }
    let document = host.remember(&handle, Some(document))?;
    Ok(row(&document, &Stock::default(), Vec::new(), None, host.now()))
}

/// Changes a pool's settings.
pub async fn edit(host: Host, handle: String, patch: Settings) -> Result<PoolRow> {
    let mut current = host.fresh_document(&handle).await?;
    for _ in 0..RACE_RETRIES {
        let zone = patch.time_zone.clone().unwrap_or_else(|| current.time_zone.clone());
        let expires_at = resolve_expiry(&host, &patch, &zone).await?;
        let next = current.edited(&patch, expires_at, host.now())?;
        if patch.dynamic.is_some() {
            check_shop(&host, &next).await?;
        }
        let untouched = current.changes_foundation(&next);
        let save = Save { document: next.clone(), expected: Some(current.revision), untouched };
        match host.save(save).await? {
            Saved { saved: true, .. } => {
                let next = host.remember(&handle, Some(next))?;
                if next.kind != Kind::Fixed && !next.archived {
                    alerts::after_change(&host, &next).await?;
                }
                return read(&host, &next).await;
            }
            Saved { reason: Some(reason), .. } if reason == "touched" => {
                return Err(Error::new(
                    Code::PoolInUse,
                    format!(
                        "kind, reuse and caseSensitive of \"{handle}\" are fixed since its first upload or draw: \
                         make a new pool for other ones"
                    ),
                )
                .with("pool", handle));
            }
            Saved { document, .. } => current = host.remember(&handle, document)?,
        }
    }
    Err(Error::new(Code::PoolChanged, format!("others keep changing \"{handle}\": try again")).with("pool", handle))
}

/// Reads one pool.
pub async fn get(host: Host, handle: String) -> Result<PoolRow> {
    let document = host.fresh_document(&handle).await?;
    read(&host, &document).await
}

/// Lists pools, one page.
pub async fn list(host: Host, archived: bool, cursor: Option<String>, limit: u32) -> Result<Page<PoolRow>> {
    let usage_from = host.now() - LOOK_BACK - HOUR;
    let page = host.list(List { archived, cursor, limit: limit.clamp(1, 1_000), usage_from }).await?;
    let now = host.now();
    let rows = page.rows.into_iter().map(|found| row(&found.document, &found.stock, found.usage, found.as_of, now));
    Ok(Page { rows: rows.collect(), next: page.next })
}

/// Reads a pool's draws by hour in `[from, to)`; days that are long past come as days.
pub async fn usage(host: Host, handle: String, from: i64, to: i64) -> Result<Vec<Usage>> {
    host.fresh_document(&handle).await?;
    host.usage(UsageOf { pool: handle, from, to }).await
}

async fn read(host: &Host, document: &Rc<PoolDocument>) -> Result<PoolRow> {
    let pool = document.handle.clone();
    let stock = host.counts(Counts { pool: pool.clone() }).await?.ok_or_else(|| Reply::wrong("counts"))?;
    let from = host.now() - LOOK_BACK - HOUR;
    let usage = host.usage(UsageOf { pool, from, to: host.now() + HOUR }).await?;
    Ok(row(document, &stock, usage, None, host.now()))
}

fn row(pool: &PoolDocument, stock: &Stock, usage: Vec<Usage>, as_of: Option<i64>, now: i64) -> PoolRow {
    let counts = stock.at(now, pool);
    let finite = pool.kind == Kind::Static;
    PoolRow {
        handle: pool.handle.clone(),
        name: pool.name.clone(),
        kind: pool.kind,
        remaining: finite.then_some(counts.remaining),
        assigned: counts.assigned,
        percent_remaining: finite.then(|| counts.percent_remaining()),
        expired: counts.expired,
        void: counts.void,
        added: counts.added,
        fell_back: stock.fell_back,
        redeemed: stock.redeemed,
        runs_out_at: if finite { runs_out_at(counts.remaining, &usage, now) } else { None },
        next_expiry: stock.next_expiry(now, pool).flatten(),
        usage,
        as_of,
        reuse: pool.reuse,
        on_empty: pool.on_empty.clone(),
        low_stock: pool.low_stock.clone(),
        expires_at: pool.expires_at,
        min_validity: pool.min_validity,
        time_zone: pool.time_zone.clone(),
        case_sensitive: pool.case_sensitive,
        fixed_code: pool.fixed_code.clone(),
        dynamic: pool.dynamic.clone(),
        buffered: (pool.kind == Kind::Dynamic).then_some(counts.remaining),
        warnings: pool.dynamic().ok().flatten().map(|dynamic| dynamic.warnings()).unwrap_or_default(),
        archived: pool.archived,
        revision: pool.revision,
        created_at: pool.created_at,
        updated_at: pool.updated_at,
    }
}

/// Checks what only the host can say: that it has the shop, and that the rule can be one of such a shop.
async fn check_shop(host: &Host, pool: &PoolDocument) -> Result<()> {
    let Some(dynamic) = pool.dynamic()? else { return Ok(()) };
    let Some(traits) = host.shop(ShopOf { shop: dynamic.shop.clone() }).await? else {
        let message = format!("there is no shop \"{}\": name it in new CouponPools({{ shops }})", dynamic.shop);
        return Err(Error::new(Code::ShopUnknown, message).with("shop", dynamic.shop));
    };
    if Target::of(traits.kind, "", &dynamic.rule, Value::Null).is_none() {
        let message =
            format!("\"{}\" is no rule of such a shop: give the number that its address bar shows", dynamic.rule);
        return Err(Error::new(Code::RuleUnusable, message).with("rule", dynamic.rule));
    }
    Ok(())
}

/// The expiry that settings ask for, if they say anything about it; checks the time zone on the way.
async fn resolve_expiry(host: &Host, settings: &Settings, zone: &str) -> Result<Option<Option<i64>>> {
    if settings.time_zone.is_some() && zone != "UTC" {
        expiry::local(host, zone, Vec::new()).await?;
    }
    Ok(match &settings.expires_at {
        None => None,
        Some(None) => Some(None),
        Some(Some(input)) => Some(Some(expiry::resolve(host, input, zone).await?)),
    })
}
