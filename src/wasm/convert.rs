//! Values that every part of the bindings converts: objects, texts in blocks, errors.

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::code::Texts;
use crate::error::{Class, Error, Result};
use crate::record::{FromValue, ToValue, Value};

/// A plain object under construction.
pub(super) struct Entries(Object);

impl Entries {
    pub(super) fn new() -> Self {
        Entries(Object::new())
    }

    pub(super) fn set(self, name: &str, value: impl Into<JsValue>) -> Self {
        // Setting a property of a plain object that we made cannot fail.
        let _ = Reflect::set(&self.0, &JsValue::from_str(name), &value.into());
        self
    }
}

impl From<Entries> for JsValue {
    fn from(entries: Entries) -> Self {
        entries.0.into()
    }
}

/// Settings, documents, steps: as plain JSON, `null` for what is missing.
pub(super) fn to_js(value: &impl ToValue) -> JsValue {
    value_to_js(value.to_value())
}

fn value_to_js(value: Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(is) => JsValue::from_bool(is),
        Value::Number(number) => JsValue::from_f64(number),
        Value::Text(text) => JsValue::from_str(&text),
        Value::List(values) => values.into_iter().map(value_to_js).collect::<Array>().into(),
        Value::Map(entries) => entries
            .into_iter()
            .fold(Entries::new(), |object, (name, value)| object.set(&name, value_to_js(value)))
            .into(),
    }
}

/// The reverse; the error says what was expected.
pub(super) fn from_js<T: FromValue>(value: JsValue) -> Result<T> {
    T::from_value(value_from_js(&value))
}

/// What is no JSON (a function, say) is nothing.
fn value_from_js(value: &JsValue) -> Value {
    if let Some(text) = value.as_string() {
        Value::Text(text)
    } else if let Some(number) = value.as_f64() {
        Value::Number(number)
    } else if let Some(is) = value.as_bool() {
        Value::Bool(is)
    } else if let Some(list) = value.dyn_ref::<Array>() {
        Value::List(list.iter().map(|item| value_from_js(&item)).collect())
    } else if let Some(object) = value.dyn_ref::<Object>() {
        let entry = |entry: JsValue| {
            let entry = Array::from(&entry);
            (entry.get(0).as_string().unwrap_or_default(), value_from_js(&entry.get(1)))
        };
        Value::Map(Object::entries(object).iter().map(entry).collect())
    } else {
        Value::Null
    }
}

/// Reports, which serde knows.
#[cfg(feature = "manage")]
pub(super) fn serialized(value: &impl serde::Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// A property of an object, `undefined` if it is not there.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A text property, empty if it is not there.
pub(super) fn text_property(object: &JsValue, name: &str) -> String {
    property(object, name).as_string().unwrap_or_default()
}

/// Texts as one string and where each ends in it, in UTF-16 code units, as JavaScript slices.
pub(super) fn texts_to_js(texts: &Texts) -> JsValue {
    let buffer = texts.buffer();
    let ends = if buffer.is_ascii() {
        Uint32Array::from(texts.ends())
    } else {
        let mut units = 0;
        let ends: Vec<u32> = texts
            .iter()
            .map(|text| {
                units += text.encode_utf16().count() as u32;
                units
            })
            .collect();
        Uint32Array::from(ends.as_slice())
    };
    Entries::new().set("text", buffer).set("ends", ends).into()
}

/// The reverse. A text that is not whole (half a surrogate pair at its end) comes out with the replacement character.
pub(super) fn texts_from_js(value: &JsValue) -> Texts {
    let text = text_property(value, "text");
    let ends = property(value, "ends").dyn_into::<Uint32Array>().map(|ends| ends.to_vec()).unwrap_or_default();
    let mut texts = Texts::with_capacity(ends.len(), text.len());
    if text.is_ascii() {
        let mut start = 0;
        for end in ends {
            texts.push(text.get(start..end as usize).unwrap_or(""));
            start = end as usize;
        }
        return texts;
    }
    let (mut units, mut start, mut at) = (0, 0, 0);
    let mut characters = text.chars();
    for end in ends {
        while units < end {
            let Some(character) = characters.next() else { break };
            units += character.len_utf16() as u32;
            at += character.len_utf8();
        }
        texts.push(text.get(start..at).unwrap_or(""));
        start = at;
    }
    texts
}

/// Instants as numbers, `NaN` for none.
pub(super) fn instants_to_js(instants: impl Iterator<Item = Option<i64>>) -> Float64Array {
    let numbers: Vec<f64> = instants.map(|at| at.map_or(f64::NAN, |at| at as f64)).collect();
    Float64Array::from(numbers.as_slice())
}

/// The reverse.
pub(super) fn instant_from_js(number: f64) -> Option<i64> {
    number.is_finite().then_some(number as i64)
}

/// A column of numbers.
pub(super) fn numbers_from_js(value: &JsValue, name: &str) -> Vec<f64> {
    property(value, name).dyn_into::<Float64Array>().map(|array| array.to_vec()).unwrap_or_default()
}

/// A column of bytes.
pub(super) fn bytes_from_js(value: &JsValue, name: &str) -> Vec<u8> {
    property(value, name).dyn_into::<Uint8Array>().map(|array| array.to_vec()).unwrap_or_default()
}

/// A list of strings.
#[cfg(feature = "mail")]
pub(super) fn strings_from_js(value: &JsValue) -> Vec<String> {
    Array::from(value).iter().filter_map(|item| item.as_string()).collect()
}

/// A real `Error` with the class it is to become, its code, its details, and which failure of the driver's is its cause.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    let class = match error.code().class() {
        Class::CouponPoolsError => "CouponPoolsError",
        Class::PoolNotFoundError => "PoolNotFoundError",
        Class::PoolConflictError => "PoolConflictError",
        Class::OutOfCodesError => "OutOfCodesError",
        Class::UploadError => "UploadError",
        Class::TemplateError => "TemplateError",
        Class::ShopError => "ShopError",
        Class::StoreError => "StoreError",
    };
    let details =
        error.details().iter().fold(Entries::new(), |entries, (name, detail)| entries.set(name, to_js(detail)));
    let object: JsValue = js_sys::Error::new(error.message()).into();
    for (name, value) in [
        ("class", JsValue::from_str(class)),
        ("code", JsValue::from_str(error.code().as_str())),
        ("details", details.into()),
        ("failure", error.cause().map_or(JsValue::UNDEFINED, |number| JsValue::from_f64(f64::from(number)))),
    ] {
        let _ = Reflect::set(&object, &JsValue::from_str(name), &value);
    }
    object
}
