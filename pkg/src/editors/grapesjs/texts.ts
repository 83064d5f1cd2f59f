/**
 * The plugin's own words, for GrapesJS' i18n module: under `couponPools`, and the names of blocks and components. In the
 * labels of settings GrapesJS shows a hyphen as a space.
 */

export const en = {
  blockManager: {
    labels: { coupon: "Coupon", "coupon-code": "Coupon code in text", "coupon-expiry": "Coupon expiry date" },
    categories: { "coupon-pools": "Coupons" },
  },
  domComponents: {
    names: { coupon: "Coupon", "coupon-code": "Coupon code", "coupon-expiry": "Coupon expiry" },
  },
  couponPools: {
    pool: "Coupon pool",
    choose: "Choose a pool",
    slot: "Slot",
    slotHint: "For a second code from this pool",
    fallback: "Fallback code",
    fallbackHint: "As the pool says",
    expires: "Show when it expires",
    line: "Expiry line",
    validUntil: "Valid until {date}",
    format: "Date format",
    long: "Long",
    medium: "Medium",
    short: "Short",
    locale: "Language of the date",
    hide: "Hide when no code is left",
    manage: "Manage pools",
    sample: "Sample",
    sampleHint: "A sample. Every contact gets a code of their own when the mail is sent.",
    noPool: "Choose a coupon pool",
    loading: "Loading the pools …",
    failed: "The pools could not be loaded: {reason}",
    unknown: "There is no pool “{pool}”",
    archived: "This pool is archived",
    left: "{count} codes left",
    endless: "Never runs out",
    generated: "Generated at need",
    checking: "Checking whether the codes are enough …",
    enough: "Enough for {count} contacts",
    tooFew: "{short} codes too few for {count} contacts: upload more before you send",
    undated: "These codes do not expire: the date stays empty",
    unwritable: "Leave out & < > and mixed quotes: they cannot be written into a mail",
  },
};

export const de: typeof en = {
  blockManager: {
    labels: { coupon: "Gutschein", "coupon-code": "Gutscheincode im Text", "coupon-expiry": "Ablaufdatum" },
    categories: { "coupon-pools": "Gutscheine" },
  },
  domComponents: {
    names: { coupon: "Gutschein", "coupon-code": "Gutscheincode", "coupon-expiry": "Ablaufdatum" },
  },
  couponPools: {
    pool: "Gutscheinpool",
    choose: "Pool wählen",
    slot: "Platz",
    slotHint: "Für einen zweiten Code aus diesem Pool",
    fallback: "Ersatzcode",
    fallbackHint: "Wie im Pool eingestellt",
    expires: "Ablaufdatum zeigen",
    line: "Zeile zum Ablauf",
    validUntil: "Gültig bis {date}",
    format: "Datumsformat",
    long: "Lang",
    medium: "Mittel",
    short: "Kurz",
    locale: "Sprache des Datums",
    hide: "Ohne Code ausblenden",
    manage: "Pools verwalten",
    sample: "Muster",
    sampleHint: "Ein Muster. Beim Versand bekommt jeder Kontakt einen eigenen Code.",
    noPool: "Bitte einen Gutscheinpool wählen",
    loading: "Die Pools werden geladen …",
    failed: "Die Pools konnten nicht geladen werden: {reason}",
    unknown: "Den Pool „{pool}“ gibt es nicht",
    archived: "Dieser Pool ist archiviert",
    left: "Noch {count} Codes",
    endless: "Geht nie aus",
    generated: "Wird bei Bedarf erzeugt",
    checking: "Es wird geprüft, ob die Codes reichen …",
    enough: "Genug für {count} Kontakte",
    tooFew: "{short} Codes zu wenig für {count} Kontakte: vor dem Versand weitere hochladen",
    undated: "Diese Codes laufen nicht ab: das Datum bleibt leer",
    unwritable: "Ohne & < > und gemischte Anführungszeichen: sie lassen sich nicht in eine Mail schreiben",
  },
};

export type Word = keyof (typeof en)["couponPools"];
