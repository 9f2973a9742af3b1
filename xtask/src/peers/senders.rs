//! The servers whose logs are tried, each with the least configuration that proxies to the origin.

use std::path::Path;

use super::{install::Needed, traffic::Extras};

/// A server and the logs that it writes.
pub(super) struct Sender {
    pub(super) name: &'static str,
    pub(super) needed: Needed,
    /// Its configuration file.
    pub(super) configuration: fn(&Place) -> String,
    /// How to start it in the foreground as one process, with the configuration file as the last word.
    pub(super) arguments: &'static [&'static str],
    pub(super) extras: Extras,
    pub(super) logs: &'static [Log],
}

/// One log of a sender.
#[derive(Clone, Copy)]
pub(super) struct Log {
    /// Its file in the folder of the sender.
    pub(super) file: &'static str,
    /// Whether it tells how long requests took.
    pub(super) timed: bool,
    /// Whether it tells which host was asked.
    pub(super) hosts: bool,
}

/// Where a sender runs.
pub(super) struct Place<'a> {
    /// Its folder, for logs and temporary files.
    pub(super) folder: &'a Path,
    /// Where it listens on the loopback.
    pub(super) port: u16,
    /// Where the origin listens.
    pub(super) origin: u16,
    /// Where a syslog sink listens, by UDP; what arrives becomes lines of the logs named `raw` and `rfc…`.
    pub(super) syslog: [u16; 3],
}

const fn log(file: &'static str, timed: bool, hosts: bool) -> Log {
    Log { file, timed, hosts }
}

/// The logs that the syslog sinks write, in the order of [`Place::syslog`].
pub(super) const SYSLOG: [&str; 3] = ["raw.log", "rfc3164.log", "rfc5424.log"];

/// All senders.
pub(super) const SENDERS: &[Sender] = &[
    Sender {
        name: "nginx",
        needed: Needed { program: "nginx", package: "nginx-light" },
        configuration: nginx,
        arguments: &["-e", "stderr", "-c"],
        extras: Extras { garbage: true, given_up: true },
        logs: &[
            log("combined.log", false, false),
            log("vhost.log", true, true),
            log("timed.log", true, false),
            log("upstream.log", true, false),
            log("json.log", true, true),
        ],
    },
    Sender {
        name: "Apache",
        needed: Needed { program: "apache2", package: "apache2-bin" },
        configuration: apache,
        arguments: &["-X", "-f"],
        extras: Extras { garbage: true, given_up: false },
        logs: &[
            log("combined.log", false, false),
            log("common.log", false, false),
            log("vhost.log", false, true),
            log("micros.log", true, false),
        ],
    },
    Sender {
        name: "HAProxy",
        needed: Needed { program: "haproxy", package: "haproxy" },
        configuration: haproxy,
        arguments: &["-db", "-f"],
        extras: Extras { garbage: true, given_up: false },
        logs: &[
            log(SYSLOG[0], true, false),
            log(SYSLOG[1], true, false),
            log(SYSLOG[2], true, false),
        ],
    },
    Sender {
        name: "Caddy",
        needed: Needed { program: "caddy", package: "caddy" },
        configuration: caddy,
        arguments: &["run", "--adapter", "caddyfile", "--config"],
        extras: Extras { garbage: false, given_up: false },
        logs: &[log("json.log", true, true)],
    },
];

fn nginx(place: &Place) -> String {
    let (folder, port, origin) = (place.folder.display(), place.port, place.origin);
    format!(
        r#"daemon off;
master_process off;
pid {folder}/pid;
events {{}}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $request_time';
  log_format upstream '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" urt="$upstream_response_time"';
  log_format vhost '$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $request_time $upstream_response_time';
  log_format json escape=json '{{"time":"$time_iso8601","host":"$host","request":"$request","status":$status,'
    '"request_time":$request_time}}';
  access_log {folder}/combined.log combined;
  access_log {folder}/timed.log timed;
  access_log {folder}/upstream.log upstream;
  access_log {folder}/vhost.log vhost;
  access_log {folder}/json.log json;
  server {{
    listen 127.0.0.1:{port};
    server_name shop.test;
    location / {{
      proxy_pass http://127.0.0.1:{origin};
      proxy_next_upstream off;
    }}
  }}
}}
"#
    )
}

fn apache(place: &Place) -> String {
    let (folder, port, origin) = (place.folder.display(), place.port, place.origin);
    format!(
        r#"ServerRoot "{folder}"
PidFile "{folder}/pid"
Listen 127.0.0.1:{port}
ServerName shop.test
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
Mutex file:{folder} default
ErrorLog "{folder}/error.log"
UseCanonicalName Off
AllowEncodedSlashes NoDecode
ProxyPass "/" "http://127.0.0.1:{origin}/" disablereuse=On nocanon
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{{Referer}}i\" \"%{{User-Agent}}i\"" combined
LogFormat "%h %l %u %t \"%r\" %>s %O" common
LogFormat "%V:%p %h %l %u %t \"%r\" %>s %O \"%{{Referer}}i\" \"%{{User-Agent}}i\"" vhost
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{{Referer}}i\" \"%{{User-Agent}}i\" %D" micros
CustomLog "{folder}/combined.log" combined
CustomLog "{folder}/common.log" common
CustomLog "{folder}/vhost.log" vhost
CustomLog "{folder}/micros.log" micros
"#
    )
}

fn haproxy(place: &Place) -> String {
    let (port, origin, [raw, rfc3164, rfc5424]) = (place.port, place.origin, place.syslog);
    format!(
        "global
  log 127.0.0.1:{raw} format raw local0
  log 127.0.0.1:{rfc3164} format rfc3164 local0
  log 127.0.0.1:{rfc5424} format rfc5424 local0
defaults
  mode http
  log global
  option httplog
  option accept-invalid-http-request
  option dontlognull
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:{port}
  default_backend origin
backend origin
  server one 127.0.0.1:{origin}
"
    )
}

fn caddy(place: &Place) -> String {
    let (folder, port, origin) = (place.folder.display(), place.port, place.origin);
    format!(
        "{{
  admin off
  auto_https off
  storage file_system {folder}
}}
http://:{port} {{
  bind 127.0.0.1
  log {{
    output file {folder}/json.log
  }}
  reverse_proxy 127.0.0.1:{origin}
}}
"
    )
}
