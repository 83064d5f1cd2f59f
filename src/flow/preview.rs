//! Previews: a mail with samples in the shape of each pool's codes. Nothing is drawn.

use std::rc::Rc;

use super::Host;
use super::step::{Counts, Reply};
use super::upload::is_code_of;
use crate::error::{Code, Error, Result};
use crate::pool::document::{Kind, OnEmpty, PoolDocument};
use crate::pool::sample::SAMPLE;
use crate::record::record;
use crate::template::{self, Answer, Filled, Spot, Template};

/// Something that the author of a template should know.
#[derive(Clone, Debug)]
pub struct Notice {
    part: String,
    line: u32,
    column: u32,
    message: String,
}

record!(to Notice { part, line, column, message });

impl Notice {
    fn new(spot: Spot, message: impl Into<String>) -> Self {
        Notice { part: spot.part.as_str().to_owned(), line: spot.line, column: spot.column, message: message.into() }
    }
}

/// A mail with samples.
#[derive(Debug)]
pub struct Preview {
    /// Its parts.
    pub filled: Filled,
    /// What its author should know.
    pub notices: Vec<Notice>,
}

/// What previews know of a pool.
struct Known {
    answer: Answer,
    omits: bool,
    /// What is wrong with it, if anything.
    trouble: Option<String>,
}

/// Fills a template with samples.
pub async fn preview(host: Host, template: Rc<Template>) -> Result<Preview> {
    let mut notices: Vec<Notice> =
        template.warnings().iter().map(|warning| Notice::new(warning.spot, warning.text.clone())).collect();
    let mut answers = template.unanswered();
    for handle in template.pools() {
        let known = look_up(&host, handle).await?;
        let mut told = false;
        for tag in template.tags() {
            if template.questions()[tag.question].handle != handle {
                continue;
            }
            answers[tag.question] = Some(known.answer.clone());
            if let (Some(trouble), false) = (&known.trouble, told) {
                notices.push(Notice::new(tag.spot, trouble.clone()));
                told = true;
            }
            if known.omits
                && known.trouble.is_none()
                && !tag.guarded
                && tag.fallback.is_none()
                && tag.kind == template::Kind::Coupon
            {
                notices.push(Notice::new(
                    tag.spot,
                    format!(
                        "when \"{handle}\" is empty, nothing is printed here: put the sentence around it into \
                         {{% ifcoupon \"{handle}\" %}} … {{% endifcoupon %}}, or give the tag a fallback"
                    ),
                ));
            }
            if let (template::Kind::Expiry, Answer::Code { expires_at: None, .. }, None) =
                (tag.kind, &known.answer, &known.trouble)
            {
                notices.push(Notice::new(
                    tag.spot,
                    format!("codes of \"{handle}\" do not expire, so no date is printed here"),
                ));
            }
        }
    }
    let requests = template.dates(&answers);
    let count = requests.len();
    let dates = if count == 0 { Vec::new() } else { host.dates(requests).await? };
    if dates.len() != count {
        return Err(Error::new(Code::Internal, "the host wrote another number of dates than it was asked for"));
    }
    let filled = template.fill(&answers, &dates);
    for tag in &filled.refused {
        let text = "codes like this one hold characters that the next engine reads as syntax; a mail that draws one fails, because plain text cannot hide them";
        notices.push(Notice::new(template.tags()[*tag].spot, text));
    }
    notices.sort_by(|one, other| (&one.part, one.line, one.column).cmp(&(&other.part, other.line, other.column)));
    Ok(Preview { filled, notices })
}

async fn look_up(host: &Host, handle: &str) -> Result<Known> {
    let pool = match host.fresh_document(handle).await {
        Ok(pool) => pool,
        Err(error) if error.code() == Code::PoolNotFound => {
            let answer = Answer::Code { code: SAMPLE.to_owned(), expires_at: None, time_zone: "UTC".to_owned() };
            let trouble = Some(format!("there is no pool \"{handle}\": no mail with this tag can be made"));
            return Ok(Known { answer, omits: false, trouble });
        }
        Err(error) => return Err(error),
    };
    let (code, expires_at, left) = match &pool.fixed_code {
        Some(code) => (code.clone(), pool.expires_at, pool.expires_at.is_none_or(|at| at > host.now())),
        None => {
            let stock = host.counts(Counts { pool: handle.to_owned() }).await?.ok_or_else(|| Reply::wrong("counts"))?;
            let next = stock.next_expiry(host.now(), &pool);
            (sample_of(host, &pool).await?, next.unwrap_or(pool.expires_at), next.is_some())
        }
    };
    let trouble = if pool.archived {
        Some(format!("\"{handle}\" is archived: no mail with this tag can be made"))
    } else if !left {
        Some(match (&pool.on_empty, pool.kind) {
            (_, Kind::Fixed) => format!("the code of \"{handle}\" has expired"),
            (OnEmpty::Stop, _) => {
                format!("\"{handle}\" has no code left: until more are uploaded, mails that need one fail")
            }
            (OnEmpty::Omit, _) => {
                format!("\"{handle}\" has no code left: until more are uploaded, its tags print nothing")
            }
            (OnEmpty::Fallback(_), _) => {
                format!("\"{handle}\" has no code left: until more are uploaded, its fallback is printed")
            }
        })
    } else {
        None
    };
    let answer = Answer::Code { code, expires_at, time_zone: pool.time_zone.clone() };
    Ok(Known { answer, omits: pool.on_empty == OnEmpty::Omit, trouble })
}

/// The pool's sample, or if that has become one of its codes, another that has not.
async fn sample_of(host: &Host, pool: &PoolDocument) -> Result<String> {
    let own = pool.sample.as_deref().into_iter();
    for sample in own.chain([SAMPLE, "SAMPLE-CODE", "NOT-A-CODE"]) {
        if !is_code_of(host, pool, sample).await? {
            return Ok(sample.to_owned());
        }
    }
    Ok("…".to_owned())
}
