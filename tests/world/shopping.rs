//! The shop of a world: strict about codes, and now and then down.

use coupon_pools::flow::step::{Received, Reply, Send};
use coupon_pools::shop::{Call, Heard, Kind, ShopTraits};

use crate::chance::Chance;
use crate::shops::shopify::Shopify;

/// The shop's name, and its rule, in every world.
pub(crate) const SHOP: &str = "shop";
pub(crate) const RULE: &str = "gid://shopify/DiscountCodeNode/1";
/// Somebody else's discount there.
const OTHER: &str = "gid://shopify/DiscountCodeNode/99";
/// Codes in a call: small, so that a top-up has many.
const CODES_PER_CALL: u32 = 4;

/// The one shop.
pub(crate) struct Shop {
    pub(crate) shopify: Shopify,
    pub(crate) is_down: bool,
}

/// What hosts say of a shop of this name.
pub(crate) fn traits_of(name: &str) -> Option<ShopTraits> {
    (name == SHOP).then_some(ShopTraits { kind: Kind::Shopify, codes_per_call: Some(CODES_PER_CALL), exact: true })
}

/// What a flow hears of a call whose answer never came.
pub(crate) fn lost(request: &Send) -> Reply {
    Reply::Receive(Some(Received { ticket: request.ticket, heard: Heard::Lost(0) }))
}

impl Shop {
    pub(crate) fn new(now: i64) -> Self {
        Shop { shopify: Shopify::new(100.0, now), is_down: false }
    }

    /// A call arrives.
    pub(crate) fn perform(&mut self, request: &Send, now: i64, chance: &mut Chance) -> Reply {
        let Call::Http(http) = &request.call else { panic!("{request:?}") };
        if self.is_down {
            return lost(request);
        }
        // Somebody else makes one of these codes first.
        if let Some(code) = codes_of(http).into_iter().next().filter(|_| chance.percent(3)) {
            self.shopify.codes.entry(code.to_uppercase()).or_insert_with(|| OTHER.to_owned());
        }
        let response = self.shopify.answer(http, now);
        Reply::Receive(Some(Received { ticket: request.ticket, heard: Heard::Response(response) }))
    }

    /// Whether the shop has this code, and as ours.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.shopify.codes.get(&code.to_uppercase()).is_some_and(|discount| discount == RULE)
    }

    /// Every code on our discount.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &str> {
        self.shopify.codes.iter().filter(|(_, discount)| *discount == RULE).map(|(code, _)| code.as_str())
    }
}

fn codes_of(http: &coupon_pools::shop::Request) -> Vec<String> {
    use crate::shops::{entry, text_of};
    match entry(&entry(&http.body, "variables"), "codes") {
        coupon_pools::record::Value::List(codes) => codes.iter().map(|code| text_of(code, "code")).collect(),
        _ => Vec::new(),
    }
}
