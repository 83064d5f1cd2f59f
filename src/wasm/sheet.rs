//! The reader of spreadsheets that JavaScript holds: a file that is read by seeking, and its worksheet, piece by piece.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync};

use super::convert::{error_to_js, property};
use crate::error::{Code, Error, Result};
use crate::sheet::{Limits, Options, Reader, SheetRef, Source, open};

/// Whole numbers up to this are the same in JavaScript and here.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// One worksheet, read piece by piece. Nothing of it is to be used after an error.
#[wasm_bindgen]
pub struct Sheet {
    reader: Box<dyn Reader>,
    file: Rc<File>,
}

#[wasm_bindgen]
impl Sheet {
    /// Opens a file: a `Blob` where a thread may wait for one (a Worker of a browser), or else a function
    /// `(offset, length) => Uint8Array`. `options` are `{ sheet?, limits? }`.
    #[wasm_bindgen(constructor)]
    pub fn new(file: JsValue, size: f64, options: JsValue) -> std::result::Result<Sheet, JsValue> {
        let file = Rc::new(File { bytes: Bytes::of(file)?, size: size as u64, failure: RefCell::new(None) });
        let reader = options_of(&options).and_then(|options| open(file.clone(), &options));
        match reader {
            Ok(reader) => Ok(Sheet { reader, file }),
            Err(error) => Err(file.error(&error)),
        }
    }

    /// The next piece of sheet text, which may be empty; `undefined` at the end.
    pub fn next(&mut self) -> std::result::Result<Option<Uint8Array>, JsValue> {
        let piece = self.reader.next().map_err(|error| self.file.error(&error))?;
        Ok(piece.map(|piece| Uint8Array::from(piece.as_slice())))
    }

    /// Bytes of the file that were read so far.
    pub fn position(&self) -> f64 {
        self.reader.position() as f64
    }

    /// What kind of file it is: `xlsx`, `xlsb`, `ods`, `xls`.
    pub fn kind(&self) -> String {
        self.reader.kind().as_str().to_owned()
    }

    /// The worksheet's name.
    pub fn name(&self) -> String {
        self.reader.sheet().to_owned()
    }
}

fn options_of(options: &JsValue) -> Result<Options> {
    let sheet = property(options, "sheet");
    let sheet = match (sheet.as_string(), sheet.as_f64()) {
        (Some(name), _) => Some(SheetRef::Name(name)),
        (_, Some(number)) if number >= 1.0 && number <= LARGEST && number.fract() == 0.0 => {
            Some(SheetRef::Number(number as u64))
        }
        _ if sheet.is_null() || sheet.is_undefined() => None,
        _ => return Err(invalid("sheet", "sheet is the name of a worksheet, or its number from 1")),
    };
    let given = property(options, "limits");
    let limit = |name: &'static str, default: u64, most: u64| {
        let limit = property(&given, name);
        match limit.as_f64() {
            Some(number) if number >= 1.0 && number <= LARGEST && number.fract() == 0.0 => {
                Ok((number as u64).min(most))
            }
            _ if limit.is_null() || limit.is_undefined() => Ok(default),
            _ => Err(invalid(&format!("limits.{name}"), "a limit is a whole number from 1 up")),
        }
    };
    // What is held in memory is counted in 32 bits.
    let held = |name, default: usize| limit(name, default as u64, u64::from(u32::MAX)).map(|limit| limit as usize);
    let default = Limits::default();
    let limits = Limits {
        expanded_bytes: limit("expandedBytes", default.expanded_bytes, u64::MAX)?,
        expansion: limit("expansion", default.expansion, u64::MAX)?,
        cell_bytes: held("cellBytes", default.cell_bytes)?,
        sheet_rows: limit("sheetRows", default.sheet_rows, u64::from(u32::MAX))?,
        columns: held("columns", default.columns)?,
        shared_strings_bytes: held("sharedStringsBytes", default.shared_strings_bytes)?,
    };
    Ok(Options { sheet, limits })
}

fn invalid(option: &str, message: &str) -> Error {
    Error::new(Code::InvalidArgument, message).with("option", option)
}

/// The file as the host gives it.
struct File {
    bytes: Bytes,
    size: u64,
    /// What the host threw when it was read last.
    failure: RefCell<Option<JsValue>>,
}

enum Bytes {
    Blob(Blob, FileReaderSync),
    Function(Function),
}

impl Bytes {
    fn of(file: JsValue) -> std::result::Result<Self, JsValue> {
        match file.dyn_into::<Function>() {
            Ok(function) => Ok(Bytes::Function(function)),
            Err(blob) => Ok(Bytes::Blob(blob.unchecked_into(), FileReaderSync::new()?)),
        }
    }

    fn read(&self, offset: f64, length: f64) -> std::result::Result<Uint8Array, JsValue> {
        match self {
            Bytes::Blob(blob, reader) => {
                let slice = blob.slice_with_f64_and_f64(offset, offset + length)?;
                Ok(Uint8Array::new(&reader.read_as_array_buffer(&slice)?.unchecked_into::<ArrayBuffer>()))
            }
            Bytes::Function(read) => {
                let bytes = read.call2(&JsValue::UNDEFINED, &offset.into(), &length.into())?;
                bytes
                    .dyn_into()
                    .map_err(|_| js_sys::TypeError::new("the file gave something that is no Uint8Array").into())
            }
        }
    }
}

impl Source for File {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let cut = || js_sys::RangeError::new("the file gave fewer bytes than it has").into();
        let bytes = self.bytes.read(offset as f64, into.len() as f64);
        let bytes = bytes.and_then(|bytes| if bytes.length() as usize == into.len() { Ok(bytes) } else { Err(cut()) });
        match bytes {
            Ok(bytes) => bytes.copy_to(into),
            Err(failure) => {
                *self.failure.borrow_mut() = Some(failure);
                return Err(Error::new(Code::HostFailed, "the file could not be read"));
            }
        }
        Ok(())
    }
}

impl File {
    /// The error with what the host threw as its `cause`, if that is what ended it.
    fn error(&self, error: &Error) -> JsValue {
        let object = error_to_js(error);
        if error.code() == Code::HostFailed
            && let Some(failure) = self.failure.borrow_mut().take()
        {
            let _ = Reflect::set(&object, &JsValue::from_str("cause"), &failure);
        }
        object
    }
}
