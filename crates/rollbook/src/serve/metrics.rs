//! Counts and times for `/metrics`, in the text format that Prometheus reads.
//!
//! Every label comes from a closed list, so the page has a fixed size and names nobody: no
//! endpoint, no id, no address. Counting is one addition to an atomic number.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use hyper::{Method, StatusCode};

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Users,
    User,
    Groups,
    Group,
    Search,
    Bulk,
    Me,
    Discovery,
    Health,
    Mcp,
    Console,
    Api,
    Other,
}

const ROUTES: [&str; 13] = [
    "users",
    "user",
    "groups",
    "group",
    "search",
    "bulk",
    "me",
    "discovery",
    "health",
    "mcp",
    "console",
    "api",
    "other",
];
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "other"];
const STATUSES: [&str; 21] = [
    "200", "201", "202", "204", "303", "304", "400", "401", "403", "404", "405", "408", "409",
    "412", "413", "414", "415", "429", "500", "501", "503",
];
/// The upper ends of the steps in which times are counted, in microseconds.
const STEPS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// A row of numbers that only grow.
type Row<const N: usize> = [AtomicU64; N];

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: [[Row<{ STATUSES.len() + 1 }>; METHODS.len()]; ROUTES.len()],
    times: [Row<{ STEPS_US.len() + 1 }>; ROUTES.len()],
    micros: Row<{ ROUTES.len() }>,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// Requests that are being answered.
    pub(crate) in_flight: Gauge,
    /// Tokens that were refused.
    pub(crate) tokens_refused: AtomicU64,
    /// Requests that ended in a fault of ours.
    pub(crate) panics: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: array(|| array(|| array(AtomicU64::default))),
            times: array(|| array(AtomicU64::default)),
            micros: array(AtomicU64::default),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
            tokens_refused: AtomicU64::default(),
            panics: AtomicU64::default(),
        }
    }
}

fn array<T, const N: usize>(mut make: impl FnMut() -> T) -> [T; N] {
    std::array::from_fn(|_| make())
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    /// One more, until what is returned is dropped.
    pub(crate) fn up(&self) -> Up<'_> {
        self.0.fetch_add(1, Relaxed);
        Up(self)
    }
}

/// Counts as one as long as it lives.
#[derive(Debug)]
pub(crate) struct Up<'a>(&'a Gauge);

impl Drop for Up<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

impl Metrics {
    /// Counts one answer.
    pub(crate) fn answered(
        &self,
        route: Route,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let method = METHODS.iter().position(|known| *known == method.as_str());
        let status = STATUSES.iter().position(|known| *known == status.as_str());
        let (method, status) =
            (method.unwrap_or(METHODS.len() - 1), status.unwrap_or(STATUSES.len()));
        self.requests[route as usize][method][status].fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let step = STEPS_US.partition_point(|&end| end < micros);
        self.times[route as usize][step].fetch_add(1, Relaxed);
        self.micros[route as usize].fetch_add(micros, Relaxed);
    }

    /// The page. `dropped` is how many log lines were lost.
    pub(crate) fn page(&self, dropped: u64) -> String {
        let mut page = String::new();
        head(&mut page, "rollbook_http_requests_total", "counter", "Requests answered.");
        for (route, methods) in ROUTES.iter().zip(&self.requests) {
            for (method, statuses) in METHODS.iter().zip(methods) {
                for (status, count) in STATUSES.iter().chain(&["other"]).zip(statuses) {
                    let count = count.load(Relaxed);
                    if count > 0 {
                        let _ = writeln!(
                            page,
                            "rollbook_http_requests_total{{route=\"{route}\",method=\"{method}\",\
                             status=\"{status}\"}} {count}"
                        );
                    }
                }
            }
        }
        self.times(&mut page);
        let singles = [
            ("rollbook_http_connections", "gauge", "Connections open.", &self.connections.0),
            ("rollbook_http_requests_in_flight", "gauge", "Requests begun.", &self.in_flight.0),
            ("rollbook_tokens_refused_total", "counter", "Tokens refused.", &self.tokens_refused),
            ("rollbook_panics_total", "counter", "Requests that met a fault.", &self.panics),
        ];
        for (name, kind, help, value) in singles {
            single(&mut page, name, kind, help, value.load(Relaxed));
        }
        single(
            &mut page,
            "rollbook_log_lines_dropped_total",
            "counter",
            "Log lines lost.",
            dropped,
        );
        if let Some(bytes) = resident_bytes() {
            let help = "Resident memory size in bytes.";
            single(&mut page, "process_resident_memory_bytes", "gauge", help, bytes);
        }
        page
    }

    fn times(&self, page: &mut String) {
        let name = "rollbook_http_request_duration_seconds";
        head(page, name, "histogram", "Time from the whole request head to the answer.");
        for ((route, steps), micros) in ROUTES.iter().zip(&self.times).zip(&self.micros) {
            let mut sum = 0;
            if steps.iter().all(|count| count.load(Relaxed) == 0) {
                continue;
            }
            for (at, count) in steps.iter().enumerate() {
                sum += count.load(Relaxed);
                let end = STEPS_US.get(at).map_or("+Inf".to_owned(), |us| seconds(*us).to_string());
                let _ = writeln!(page, "{name}_bucket{{route=\"{route}\",le=\"{end}\"}} {sum}");
            }
            let total = seconds(micros.load(Relaxed));
            let _ = writeln!(page, "{name}_sum{{route=\"{route}\"}} {total}");
            let _ = writeln!(page, "{name}_count{{route=\"{route}\"}} {sum}");
        }
    }
}

fn head(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn single(page: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    head(page, name, kind, help);
    let _ = writeln!(page, "{name} {value}");
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

/// How much memory this process holds; `None` where the system does not say.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_was_counted_and_nothing_else() {
        let metrics = Metrics::default();
        let _open = metrics.connections.up();
        metrics.answered(Route::User, &Method::PATCH, StatusCode::OK, Duration::from_micros(300));
        metrics.answered(Route::User, &Method::PATCH, StatusCode::OK, Duration::from_secs(99));
        metrics.answered(Route::Other, &Method::TRACE, StatusCode::IM_A_TEAPOT, Duration::ZERO);
        let page = metrics.page(3);
        for line in [
            r#"rollbook_http_requests_total{route="user",method="PATCH",status="200"} 2"#,
            r#"rollbook_http_requests_total{route="other",method="other",status="other"} 1"#,
            r#"rollbook_http_request_duration_seconds_bucket{route="user",le="0.00025"} 0"#,
            r#"rollbook_http_request_duration_seconds_bucket{route="user",le="0.0005"} 1"#,
            r#"rollbook_http_request_duration_seconds_bucket{route="user",le="+Inf"} 2"#,
            r#"rollbook_http_request_duration_seconds_count{route="user"} 2"#,
            "rollbook_http_connections 1",
            "rollbook_log_lines_dropped_total 3",
        ] {
            assert!(page.lines().any(|own| own == line), "{line} is not in:\n{page}");
        }
        assert!(!page.contains("route=\"group\""), "{page}");
    }

    #[test]
    fn a_gauge_comes_down_when_its_reason_is_gone() {
        let gauge = Gauge::default();
        let (one, two) = (gauge.up(), gauge.up());
        drop(one);
        assert_eq!(gauge.0.load(Relaxed), 1);
        drop(two);
        assert_eq!(gauge.0.load(Relaxed), 0);
    }
}
