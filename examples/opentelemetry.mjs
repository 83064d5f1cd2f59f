/**
 * Events as OpenTelemetry metrics. `measured(meter)` gives an `onEvent`; codes and contacts are in no event, so none can
 * reach a metric.
 */

/** @param {import("@opentelemetry/api").Meter} meter */
export function measured(meter) {
  const codes = meter.createCounter("coupon_pools.codes", { description: "Uses that asked for a code, by outcome" });
  const uploaded = meter.createCounter("coupon_pools.uploaded", { description: "Codes added by uploads and top-ups" });
  const alerts = meter.createCounter("coupon_pools.alerts", { description: "Alerts handed over, by kind" });
  const errors = meter.createCounter("coupon_pools.errors", { description: "Failed calls, by error code" });
  const duration = meter.createHistogram("coupon_pools.duration", { unit: "ms", description: "Claims and uploads" });

  /** @param {import("coupon-pools").PoolsEvent} event */
  return (event) => {
    const { type, pool } = event;
    switch (type) {
      case "claim":
        for (const outcome of ["drawn", "repeated", "empty"]) {
          if (event[outcome] > 0) codes.add(event[outcome], { pool, outcome });
        }
        duration.record(event.milliseconds, { type });
        break;
      case "upload":
        if (!event.dryRun) uploaded.add(event.added, { pool, by: type });
        duration.record(event.milliseconds, { type });
        break;
      case "top-up":
        uploaded.add(event.added, { pool, by: type });
        break;
      case "alert":
        alerts.add(1, { pool, alert: event.alert, delivered: event.delivered });
        break;
      case "error":
        errors.add(1, { operation: event.operation, code: event.code });
    }
  };
}
