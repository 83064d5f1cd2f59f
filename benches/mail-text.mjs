/** A 30 kB mail with two tags, for each engine in its own words. */

const ROW = (number) => `          <tr>
            <td style="padding:12px 24px;font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#333333">
              <a href="https://shop.example/item/${number}?utm_source=mail" style="color:#0055aa">Item ${number}</a> now &euro; 20
            </td>
          </tr>
`;

/** The mail's static text before, between and after the two codes. */
function mailAround(bytes) {
  const before = `<!doctype html>\n<html>\n  <head><title>Spring sale</title></head>\n  <body>\n    <h1>Your code: <b>`;
  const after = `">Show my code</abbr></p>\n  </body>\n</html>\n`;
  const [open, close] = [`</b></h1>\n    <table>\n`, `    </table>\n    <p><abbr title="`];
  let rows = "";
  for (let number = 1; before.length + open.length + rows.length + close.length + after.length < bytes; number++) {
    rows += ROW(number);
  }
  return [before, open + rows + close, after];
}

export function mail(first, second) {
  const [before, between, after] = mailAround(30_000);
  return before + first + between + second + after;
}
