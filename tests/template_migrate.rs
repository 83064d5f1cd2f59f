//! Vendors' coupon tags become ours, or stay byte for byte and are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coupon_pools::error::Code;
use coupon_pools::template::migrate::{Migration, Vendor, migrate};
use coupon_pools::template::{Mode, PartName, Source, parse};

fn run(vendor: Vendor, text: &str) -> Migration {
    run_with(vendor, text, &[])
}

fn run_with(vendor: Vendor, text: &str, handles: &[(&str, &str)]) -> Migration {
    let handles: Vec<_> = handles.iter().map(|(name, handle)| ((*name).to_owned(), (*handle).to_owned())).collect();
    migrate(&[Source { part: PartName::Whole, text }], vendor, &handles).unwrap()
}

/// What a text becomes, when nothing is left.
fn whole(vendor: Vendor, text: &str) -> String {
    let done = run(vendor, text);
    assert_eq!(done.left, [], "{text}");
    assert_eq!(done.changes.iter().map(|change| change.from.len()).sum::<usize>() > 0, done.texts[0] != text);
    parse(&[Source { part: PartName::Whole, text: &done.texts[0] }], Mode::Html, None).unwrap();
    done.texts[0].clone()
}

/// That a text stays, told at these lines and columns.
fn stays(vendor: Vendor, text: &str, spots: &[(u32, u32)]) {
    let done = run(vendor, text);
    assert_eq!(done.texts, [text], "{:?}", done.changes);
    assert_eq!(done.left.iter().map(|left| (left.line, left.column)).collect::<Vec<_>>(), spots, "{text}");
    assert!(done.left.iter().all(|left| !left.advice.is_empty() && text.contains(&left.text)), "{:?}", done.left);
}

#[test]
fn klaviyo() {
    for (from, to) in [
        ("<p>{% coupon_code 'Spring_10' %}!</p>", "<p>{% coupon 'spring_10' %}!</p>"),
        ("{%coupon_code \"A\"%}", "{% coupon \"a\" %}"),
        (
            "<a href=\"https://s.example/?c={% coupon_code 'A' %}\">",
            "<a href=\"https://s.example/?c={% coupon 'a' %}\">",
        ),
        ("<p title=\"{% coupon_code &quot;A&quot; %}\">", "<p title=\"{% coupon 'a' %}\">"),
        (
            "{% if x %}{% coupon_code 'A' %}{% else %}{{ y }}{% endif %}",
            "{% if x %}{% coupon 'a' %}{% else %}{{ y }}{% endif %}",
        ),
        (
            "{% comment %}{% coupon_code 'A' %}{% endcomment %}{% coupon_code 'B' %}",
            "{% comment %}{% coupon_code 'A' %}{% endcomment %}{% coupon 'b' %}",
        ),
    ] {
        assert_eq!(whole(Vendor::Klaviyo, from), to);
    }
    stays(
        Vendor::Klaviyo,
        "ß\n {% coupon_code name %}{% coupon_code 'A' as x %}{%- coupon_code 'A' -%}",
        &[(2, 2), (2, 24), (2, 50)],
    );
    stays(Vendor::Klaviyo, "{% coupon_codes 'A' %}{{ coupon_code }}{% coupon_code 'A'", &[]);
}

#[test]
fn braze() {
    let text = "{% if ${vip} %}{% promotion('vip-deal') %}{% else %}\n{% promotion( \"Regular\" ) %}{% endif %}{% raw %}{% promotion('x') %}{% endraw %}";
    let done = run(Vendor::Braze, text);
    assert_eq!(
        done.texts,
        [
            "{% if ${vip} %}{% coupon 'vip-deal' %}{% else %}\n{% coupon \"regular\" %}{% endif %}{% raw %}{% promotion('x') %}{% endraw %}"
        ]
    );
    let changes: Vec<_> =
        done.changes.iter().map(|change| (change.line, change.column, &*change.from, &*change.to)).collect();
    assert_eq!(
        changes,
        [
            (1, 16, "{% promotion('vip-deal') %}", "{% coupon 'vip-deal' %}"),
            (2, 1, "{% promotion( \"Regular\" ) %}", "{% coupon \"regular\" %}"),
        ]
    );
    assert_eq!(
        whole(Vendor::Braze, "{% capture c %}{% promotion('a') %}{% endcapture %}"),
        "{% capture c %}{% coupon 'a' %}{% endcapture %}"
    );
    stays(
        Vendor::Braze,
        "{% promotion(list) %}{% promotion 'a' %}{% promotion('a', 'b') %}",
        &[(1, 1), (1, 22), (1, 41)],
    );
}

#[test]
fn pools_are_listed_once_and_never_run_together() {
    let text = "{% promotion('Birthday_promo') %}{% promotion('birthday_promo') %}{% promotion('Birthday_promo') %}{% promotion('x y') %}";
    let done = run_with(Vendor::Braze, text, &[("x y", "mine")]);
    let pools: Vec<_> = done.pools.iter().map(|pool| (&*pool.name, &*pool.handle)).collect();
    assert_eq!(pools, [("Birthday_promo", "birthday_promo"), ("birthday_promo", "birthday_promo-2"), ("x y", "mine")]);
    assert_eq!(done.texts[0].matches("{% coupon 'birthday_promo' %}").count(), 2);
    let bad = [("x".to_owned(), "No".to_owned())];
    let error = migrate(&[Source { part: PartName::Whole, text }], Vendor::Braze, &bad).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[test]
fn emarsys() {
    assert_eq!(
        whole(Vendor::Emarsys, "$5 for you: $voucher$, $firstname$"),
        "$5 for you: {% coupon 'voucher' %}, $firstname$"
    );
    stays(Vendor::Emarsys, "a $spring_voucher$ {{ voucher_12 }} {{ contact.3 }}", &[(1, 3), (1, 20)]);
    let done = run_with(
        Vendor::Emarsys,
        "$spring_voucher$ {{ personalization.token('A1') }} $x$",
        &[("spring_voucher", "spring"), ("personalization.token('A1')", "summer")],
    );
    assert_eq!(done.texts, ["{% coupon 'spring' %} {% coupon 'summer' %} $x$"]);
    stays(Vendor::Emarsys, "$voucher", &[]);
}

#[test]
fn salesforce_claims_inline() {
    for (from, to) in [
        (
            "<b>%%=ClaimRowValue(\"Coupons 10%\",\"Code\",\"IsClaimed\",\"HELLO\",\"Email\",emailaddr)=%%</b>",
            "<b>{% coupon \"coupons-10\", fallback: \"HELLO\" %}</b>",
        ),
        (
            "<a href=\"https://s.example/?c=%%=v( claimrowvalue('DE','Code','IsClaimed','','Email',@e) )=%%\">",
            "<a href=\"https://s.example/?c={% coupon 'de' %}\">",
        ),
        ("%%=Field(ClaimRow('DE','IsClaimed','Email', [Email Address]),'Code')=%%", "{% coupon 'de' %}"),
        ("%%=V(Field(ClaimRow('DE','IsClaimed','Email', emailaddr),'Code', 1))=%%", "{% coupon 'de' %}"),
        (
            "%%=ClaimRowValue('It''s','Code','IsClaimed','x','Email',e)=%% %%first name%% 100%%",
            "{% coupon 'it-s', fallback: 'x' %} %%first name%% 100%%",
        ),
    ] {
        assert_eq!(whole(Vendor::Salesforce, from), to);
    }
    stays(
        Vendor::Salesforce,
        "%%=ClaimRowValue(@de,'Code','IsClaimed','x','Email',e)=%%\n%%=Uppercase(ClaimRowValue('DE','Code','IsClaimed','x','Email',e))=%% %%=ClaimRowValue('DE','Code','IsClaimed',@d,'Email',e)=%% %%=ClaimRow('DE','IsClaimed','Email',e)=%%",
        &[(1, 1), (2, 1), (2, 71), (2, 129)],
    );
    stays(Vendor::Salesforce, "%%=ClaimRowValue('DE','Code','IsClaimed','it''s','Email',e)=%%", &[(1, 1)]);
}

#[test]
fn salesforce_claims_into_variables() {
    let row = "%%[ var @row, @code\n /* one each */ set @row = ClaimRow(\"Spring Codes\", \"IsClaimed\", \"Email\", emailaddr)\n SET @CODE = Field(@row, \"CouponCode\") ]%%<p>%%=v(@code)=%%</p><i>%%=V(@Code)=%%</i>";
    assert_eq!(
        whole(Vendor::Salesforce, row),
        "<p>{% coupon \"spring-codes\" %}</p><i>{% coupon \"spring-codes\" %}</i>"
    );
    let guarded = "%%[ SET @em = AttributeValue(\"emailAddr\") SET @row = ClaimRow(\"DE\", \"IsClaimed\", \"Email\", @em)\nif Empty(@row) then\n RaiseError(\"No coupons (none)\", false)\nelse\n SET @Code = Field(@row, \"CouponCode\")\nendif ]%%%%=v(@Code)=%%";
    assert_eq!(
        whole(Vendor::Salesforce, guarded),
        "%%[ SET @em = AttributeValue(\"emailAddr\") \n ]%%{% coupon \"DE\" %}".replace("\"DE\"", "\"de\"")
    );
    let direct =
        "%%[set @c = ClaimRowValue('DE','Code','IsClaimed','NONE','Email',e)]%%%%=v(@c)=%% %%=Field(@other,'x')=%%";
    assert_eq!(whole(Vendor::Salesforce, direct), "{% coupon 'de', fallback: 'NONE' %} %%=Field(@other,'x')=%%");
    assert_eq!(
        whole(Vendor::Salesforce, "%%[set @r = ClaimRow('DE','IsClaimed','Email',e)]%%%%=Field(@r,'Code')=%%"),
        "{% coupon 'de' %}"
    );
}

#[test]
fn salesforce_claims_that_are_more_than_shown_stay_whole() {
    let claim = "set @c = ClaimRowValue('DE','Code','IsClaimed','','Email',e)";
    for text in [
        format!("%%[if @vip == 1 then {claim} endif]%%%%=v(@c)=%%"),
        format!("%%[{claim} {claim}]%%%%=v(@c)=%%"),
        format!("%%[{claim} set @d = Concat('x', @c)]%%%%=v(@c)=%%"),
        format!("%%[{claim}]%%%%=v(@c)=%% %%=RedirectTo(Concat('https://s.example/?c=', @c))=%%"),
        "%%[set @r = ClaimRow('DE','IsClaimed','Email',e) set @c = Field(@r,'Code') set @d = @c]%%%%=v(@c)=%%".to_owned(),
        "%%[set @r = ClaimRow('DE','IsClaimed','Email',e) set @c = Field(@r,'Code') if not Empty(@r) then set @x = 1 endif]%%%%=v(@c)=%%".to_owned(),
        "<script runat=\"server\" language=\"ampscript\">set @r = ClaimRow('DE','IsClaimed','Email',e)</script>".to_owned(),
        format!("%%[for @i = 1 to 2 do {claim} next @i]%%%%=v(@c)=%%"),
    ] {
        let done = run(Vendor::Salesforce, &text);
        assert_eq!(done.texts, [&*text], "{:?}", done.changes);
        assert!(!done.left.is_empty(), "{text}");
        assert!(done.pools.is_empty());
    }
}

#[test]
fn every_part_of_a_mail_is_rewritten_and_named() {
    let sources = [
        Source { part: PartName::Subject, text: "{% coupon_code 'A' %}" },
        Source { part: PartName::Html, text: "<p>{% coupon_code x %}</p>" },
    ];
    let done = migrate(&sources, Vendor::Klaviyo, &[]).unwrap();
    assert_eq!(done.texts, ["{% coupon 'a' %}", "<p>{% coupon_code x %}</p>"]);
    assert_eq!((&*done.changes[0].part, &*done.left[0].part, done.left[0].column), ("subject", "html", 4));
}

#[test]
fn no_input_panics_and_what_is_no_coupon_stays() {
    const TOKENS: [&str; 40] = [
        "%%[",
        "]%%",
        "%%=",
        "=%%",
        "set ",
        "@a",
        "@b",
        " = ",
        "ClaimRow",
        "ClaimRowValue",
        "(",
        ")",
        ",",
        "'DE'",
        "\"x\"",
        "'",
        "\"",
        "Field",
        "v",
        "if ",
        "empty",
        " then ",
        "RaiseError",
        " else ",
        " endif ",
        "var ",
        "/*",
        "*/",
        "<script",
        "</script",
        "{%",
        "%}",
        " coupon_code ",
        " promotion ",
        "{{",
        "}}",
        "$",
        "voucher",
        "ß🎁",
        "\n",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..20_000 {
        let text: String = (0..random(30)).map(|_| TOKENS[random(TOKENS.len())]).collect();
        for vendor in [Vendor::Klaviyo, Vendor::Braze, Vendor::Emarsys, Vendor::Salesforce] {
            let done = run(vendor, &text);
            let mut back = done.texts[0].clone();
            // Undone from the end, the changes give the text as it was.
            let mut at = back.len();
            for change in done.changes.iter().rev() {
                if change.to.is_empty() {
                    back.clear();
                    break;
                }
                at = back[..at].rfind(&change.to).unwrap();
                back.replace_range(at..at + change.to.len(), &change.from);
            }
            assert!(back == text || done.changes.iter().any(|change| change.to.is_empty()), "{vendor:?} {text}");
        }
    }
}
