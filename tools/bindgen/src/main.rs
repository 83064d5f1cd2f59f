//! Writes the JavaScript glue and the final wasm for one artefact: `bindgen INPUT.wasm OUT_DIR NAME`.
//!
//! The glue is wasm-bindgen's own `no-modules` output, whole and unchanged, inside a function: each call of that
//! function gives a fresh, independent instance. That is what lets the package replace an instance after a trap and give
//! every upload a memory of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out, name] = arguments.as_slice() else {
        bail!("usage: bindgen INPUT.wasm OUT_DIR NAME");
    };
    let out = PathBuf::from(out);
    fs::create_dir_all(&out)?;
    let mut output = Bindgen::new()
        .input_path(input)
        .no_modules(true)?
        .no_modules_global("glue")?
        .omit_default_module_path(true)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen could not read the module")?;
    let glue = format!(
        "// Written by tools/bindgen from wasm-bindgen's output; do not edit.\n\
         export function createGlue() {{\n{}\nreturn glue;\n}}\n",
        output.js()
    );
    fs::write(out.join(format!("{name}.glue.js")), glue)?;
    fs::write(out.join(format!("{name}.wasm")), output.wasm_mut().emit_wasm())?;
    Ok(())
}
