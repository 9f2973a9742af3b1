//! All formats together: random requests, detection, and logs of real servers.

mod detection;
mod random;
mod real;
mod writers;
