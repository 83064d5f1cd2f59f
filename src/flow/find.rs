//! Who has what: find, forget, redeemed.

use super::Host;
use super::every::EveryPool;
use super::step::{Find, FindBy, Forget, Forgotten, FoundRow, MarkRedeemed, Marked, Page, Reply};
use crate::code::{self, Texts};
use crate::error::Result;
use crate::pool::keys::check_key_text;
use crate::record::{FromValue, Value, expected};

/// What is known of a code that is looked for.
#[derive(Clone, Debug)]
pub enum FindWhat {
    /// The code, in any case if the pool ignores it.
    Code(String),
    /// Who has it.
    Contact(String),
    /// Which message showed it.
    Message(String),
}

impl FromValue for FindWhat {
    fn from_value(mut value: Value) -> Result<Self> {
        match (value.take("code"), value.take("contact"), value.take("message")) {
            (Value::Text(code), Value::Null, Value::Null) => Ok(FindWhat::Code(code)),
            (Value::Null, Value::Text(contact), Value::Null) => Ok(FindWhat::Contact(contact)),
            (Value::Null, Value::Null, Value::Text(message)) => Ok(FindWhat::Message(message)),
            _ => Err(expected("one of { code }, { contact } or { message }")),
        }
    }
}

/// Brings codes to their equality keys, as the pool compares.
pub(super) async fn equality_keys(host: &Host, codes: Texts, case_sensitive: bool) -> Result<Vec<String>> {
    let count = codes.len();
    let codes = if codes.iter().any(code::needs_nfc) { host.normalize(codes).await? } else { codes };
    if codes.len() != count {
        return Err(Reply::wrong("normalize"));
    }
    Ok(codes.iter().map(|text| code::key(text, case_sensitive).into_owned()).collect())
}

/// Looks codes up: one page.
pub async fn find(
    host: Host,
    handle: String,
    what: FindWhat,
    cursor: Option<String>,
    limit: u32,
) -> Result<Page<FoundRow>> {
    let pool = host.fresh_document(&handle).await?;
    let by = match what {
        FindWhat::Contact(contact) => FindBy::Contact(contact),
        FindWhat::Message(message) => FindBy::Message(message),
        FindWhat::Code(code) => {
            let codes = [code.trim()].into_iter().collect();
            FindBy::Key(equality_keys(&host, codes, pool.case_sensitive).await?.pop().unwrap_or_default())
        }
    };
    let mut page = host.find(Find { pool: handle, by, cursor, limit: limit.clamp(1, 1_000) }).await?;
    for row in &mut page.rows {
        row.expires_at = pool.effective_expiry(row.expires_at);
    }
    Ok(page)
}

/// Removes a contact's text from every pool of the tenant.
pub async fn forget(host: Host, contact: String) -> Result<Forgotten> {
    check_key_text("contact", &contact)?;
    let mut forgotten = 0;
    let mut pools = EveryPool::of(&host);
    while let Some(pool) = pools.next().await? {
        let request = Forget { pool: pool.handle, contact: contact.clone() };
        forgotten += host.forget(request).await?.forgotten;
    }
    Ok(Forgotten { forgotten })
}

/// Marks codes as redeemed in the shop.
pub async fn redeemed(host: Host, handle: String, codes: Texts) -> Result<Marked> {
    let pool = host.document(&handle).await?;
    let codes = codes.iter().map(str::trim).collect();
    let keys = equality_keys(&host, codes, pool.case_sensitive).await?;
    let mut all = Marked { marked: 0, unknown: 0 };
    for keys in keys.chunks(host.traits().block_codes.max(1)) {
        let request = MarkRedeemed { pool: handle.clone(), keys: keys.to_vec(), now: host.now() };
        let marked = host.mark_redeemed(request).await?;
        all.marked += marked.marked;
        all.unknown += marked.unknown;
    }
    Ok(all)
}
