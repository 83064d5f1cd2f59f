//! Markup as the content of an `.ods` file.

use crate::container::archive;
use crate::worksheet::check_file;

pub(crate) fn check(content: &[u8]) {
    const TYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
    check_file(&archive(&[("mimetype", TYPE), ("content.xml", content)]));
}
