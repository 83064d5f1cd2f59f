/** The table: ratios first, then times. */

const HEAD = ["", "", "ratio", "goal", "median", "spread", "speed"];

/** Markdown for figures; each of them is one row for each contestant. */
export function table(figures) {
  const rows = figures.flatMap((figure) => figureRows(figure));
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(HEAD), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** Every goal that was missed, as text. */
export function missed(figures) {
  return figures.flatMap((figure) =>
    (figure.goals ?? []).flatMap((goal) => {
      const { isMet, ratio, wanted } = judged(figure, goal);
      return isMet || wanted === undefined
        ? []
        : [`${figure.title}: ${goal.peer ?? goal.ours} ${ratio}, goal ${wanted}`];
    }),
  );
}

function figureRows(figure) {
  return figure.contestants.map((contestant, index) => {
    const goals = (figure.goals ?? []).filter((goal) => (goal.peer ?? goal.ours) === contestant.name);
    const verdicts = goals.map((goal) => judged(figure, goal));
    return [
      index === 0 ? figure.title : "",
      contestant.name,
      verdicts.map(({ ratio }) => ratio).join("; "),
      verdicts.map(({ wanted, isMet }) => (wanted ? `${wanted} ${isMet ? "met" : "**missed**"}` : "–")).join("; "),
      duration(median(contestant.times)),
      `${duration(Math.min(...contestant.times))} to ${duration(Math.max(...contestant.times))}`,
      speed(figure, contestant),
    ];
  });
}

function judged(figure, { ours, as, peer, least, most, rate, lighter, under }) {
  if (under !== undefined) {
    const { peak } = figure.contestants.find((contestant) => contestant.name === ours);
    return { isMet: peak <= under, ratio: `${megabytes(peak)} at its peak`, wanted: `≤ ${megabytes(under)}` };
  }
  if (lighter) {
    const peakOf = (name) => figure.contestants.find((contestant) => contestant.name === name).peak;
    const share = peakOf(ours) / peakOf(peer);
    return { isMet: share < 1, ratio: `${share.toFixed(2)}× its memory`, wanted: "< 1×" };
  }
  const timeOf = (name) => median(figure.contestants.find((contestant) => contestant.name === name).times);
  if (rate !== undefined) {
    const reached = (figure.work.amount / timeOf(ours)) * 1000;
    return { isMet: reached >= rate, ratio: `${(reached / rate).toFixed(2)} of goal`, wanted: `≥ ${perSecond(rate)}` };
  }
  const whose = as === undefined ? "" : ` (${as})`;
  if (most !== undefined) {
    const share = timeOf(ours) / timeOf(peer);
    return { isMet: share <= most, ratio: `${share.toFixed(2)}× its time${whose}`, wanted: `≤ ${most}×` };
  }
  const speedOf = (name) => {
    const contestant = figure.contestants.find((contestant) => contestant.name === name);
    return (contestant.work ?? figure.work).amount / median(contestant.times);
  };
  const share = speedOf(ours) / speedOf(peer);
  const ratio = `${share.toFixed(2)}× its speed${whose}`;
  return least === undefined ? { ratio } : { isMet: share >= least, ratio, wanted: `≥ ${least}×` };
}

function speed(figure, contestant) {
  const { amount, unit } = contestant.work ?? figure.work;
  const rate = `${perSecond((amount / median(contestant.times)) * 1000)} ${unit}`;
  return contestant.peak === undefined ? rate : `${rate}, ${megabytes(contestant.peak)}`;
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}

function perSecond(rate) {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(2)} M/s`;
  return rate >= 1e4 ? `${Math.round(rate / 1000)} k/s` : `${Math.round(rate)}/s`;
}

function duration(milliseconds) {
  if (milliseconds >= 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds >= 100 ? `${milliseconds.toFixed(0)} ms` : `${milliseconds.toPrecision(3)} ms`;
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
