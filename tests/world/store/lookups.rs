//! Who has what: look-ups, forgetting, redeemed codes, and pages for exports.

use coupon_pools::flow::step::{
    Codes, Draws, Find, FindBy, Forget, Forgotten, FoundRow, FreeCode, MarkRedeemed, Marked, Page, VoidCodes, Voided,
};

use super::{Place, Pool, Store, StoredCode, Use, page};

impl Store {
    pub(super) fn find(&self, request: &Find) -> Page<FoundRow> {
        let Some(pool) = self.pools.get(&request.pool) else { return Page { rows: Vec::new(), next: None } };
        let mut found: Vec<&Use> = match &request.by {
            FindBy::Key(key) => match pool.present(key) {
                Some(code) => match pool.codes[code].place {
                    Place::Held(number) => pool.uses.values().filter(|known| known.number == number).collect(),
                    _ => return Page { rows: vec![pool.unheld(&pool.codes[code])], next: None },
                },
                None => Vec::new(),
            },
            FindBy::Contact(contact) => {
                pool.uses.values().filter(|known| known.contact.as_ref() == Some(contact)).collect()
            }
            FindBy::Message(message) => {
                pool.uses.values().filter(|known| known.message.as_ref() == Some(message)).collect()
            }
        };
        let after = request.cursor.as_ref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        found.sort_by_key(|known| known.order);
        let rest = found.iter().filter(|known| known.order > after);
        page(rest, request.limit as usize, |known| known.order.to_string(), |known| pool.held(known))
    }

    pub(super) fn draws(&self, request: &Draws) -> Page<FoundRow> {
        let Some(pool) = self.pools.get(&request.pool) else { return Page { rows: Vec::new(), next: None } };
        let place = |known: &Use| format!("{:09}/{:09}", known.number, known.order);
        let mut found: Vec<&Use> = pool.uses.values().collect();
        found.sort_by_key(|known| place(known));
        let after = request.cursor.clone().unwrap_or_default();
        let rest = found.iter().filter(|known| place(known) > after);
        page(rest, request.limit as usize, |known| place(known), |known| pool.held(known))
    }

    pub(super) fn codes(&self, request: &Codes) -> Page<FreeCode> {
        let Some(pool) = self.pools.get(&request.pool) else { return Page { rows: Vec::new(), next: None } };
        let place = |(index, code): &(usize, &StoredCode)| {
            format!("{:020}/{:05}/{index:09}", code.expires_at.unwrap_or(i64::MAX), code.batch)
        };
        let mut found: Vec<_> = pool.codes.iter().enumerate().filter(|(_, code)| pool.is_free(code)).collect();
        found.sort_by_key(place);
        let after = request.cursor.clone().unwrap_or_default();
        let rest = found.iter().filter(|code| place(code) > after);
        page(rest, request.limit as usize, place, |(_, code)| FreeCode {
            code: code.text.clone(),
            expires_at: code.expires_at,
        })
    }

    pub(super) fn forget(&mut self, request: &Forget) -> Forgotten {
        let mut forgotten = 0;
        if let Some(pool) = self.pools.get_mut(&request.pool) {
            for known in pool.uses.values_mut().filter(|known| known.contact.as_ref() == Some(&request.contact)) {
                (known.contact, known.message) = (None, None);
                forgotten += 1;
            }
        }
        Forgotten { forgotten }
    }

    pub(super) fn void_codes(&mut self, request: &VoidCodes) -> Voided {
        let Some(pool) = self.pools.get_mut(&request.pool) else { return Voided { voided: 0 } };
        let mut voided = 0;
        for at in request.keys.iter().filter_map(|key| pool.present(key)).collect::<Vec<_>>() {
            pool.void(at);
            voided += u64::from(pool.codes[at].place == Place::Void);
        }
        Voided { voided }
    }

    pub(super) fn mark_redeemed(&mut self, request: &MarkRedeemed) -> Marked {
        let mut marked = Marked { marked: 0, unknown: 0 };
        for key in &request.keys {
            let pool = self.pools.get_mut(&request.pool);
            let held = pool.and_then(|pool| match pool.codes[pool.present(key)?].place {
                Place::Held(number) => Some((pool, number)),
                _ => None,
            });
            let Some((pool, number)) = held else {
                marked.unknown += 1;
                continue;
            };
            marked.marked += 1;
            if let Some(draw) = pool.draws.get_mut(&number).filter(|draw| draw.redeemed_at.is_none()) {
                draw.redeemed_at = Some(request.now);
                pool.redeemed += 1;
            }
        }
        marked
    }
}

impl Pool {
    fn held(&self, known: &Use) -> FoundRow {
        let draw = &self.draws[&known.number];
        FoundRow {
            status: "assigned".to_owned(),
            number: Some(known.number),
            drawn_at: Some(draw.at),
            contact: known.contact.clone(),
            message: known.message.clone(),
            slot: Some(known.slot.clone()),
            redeemed_at: draw.redeemed_at,
            ..self.unheld(&self.codes[draw.code])
        }
    }

    fn unheld(&self, code: &StoredCode) -> FoundRow {
        FoundRow {
            code: code.text.clone(),
            status: if code.place == Place::Void { "void" } else { "available" }.to_owned(),
            expires_at: code.expires_at,
            batch: self.batches[code.batch].id.clone(),
            number: None,
            drawn_at: None,
            contact: None,
            message: None,
            slot: None,
            redeemed_at: None,
        }
    }
}
