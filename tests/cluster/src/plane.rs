//! The programs of a control plane, started one after the other, and who may speak to them.

mod arguments;
pub(crate) mod ready;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::guard::{Guard, Process};
use crate::kubeconfig;
use crate::programs::Programs;
use crate::stages;
use arguments::AUDIT_LOG;

/// Longest wait for the whole plane to answer, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);
/// A port may be taken by somebody else between its choice and its use.
const ATTEMPTS: usize = 3;

/// Those who may speak to the API server: name, and group.
const USERS: [(&str, &str); 4] = [
    ("user", "system:masters"),
    ("system:kube-controller-manager", ""),
    ("system:kube-scheduler", ""),
    ("kwok", "system:masters"),
];

/// A control plane of its own; see the crate's documentation. Dropping it ends it.
#[derive(Debug)]
pub struct Plane {
    programs: Programs,
    ports: Ports,
    etcd: Option<Process>,
    api_server: Option<Process>,
    /// Of the API server.
    arguments_of: fn(Ports) -> Vec<String>,
    others: Vec<(&'static str, Process)>,
    kubeconfig: PathBuf,
    guard: Guard,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    etcd: u16,
    etcd_peers: u16,
    api_server: u16,
    observer: u16,
}

impl Ports {
    fn chosen_by_the_system() -> std::io::Result<Self> {
        // All are held until the last is known, so that they differ.
        let held = [(); 4].map(|()| TcpListener::bind(("127.0.0.1", 0)));
        let [etcd, etcd_peers, api_server, observer] = held;
        Ok(Self {
            etcd: etcd?.local_addr()?.port(),
            etcd_peers: etcd_peers?.local_addr()?.port(),
            api_server: api_server?.local_addr()?.port(),
            observer: observer?.local_addr()?.port(),
        })
    }

    fn server(self) -> String {
        at(self.api_server)
    }
}

fn at(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

impl Plane {
    /// Starts one with an API server that answers, and nothing yet that does any work in it: what
    /// has CRDs of its own installs them now, and calls [`Self::work`].
    ///
    /// # Errors
    /// When its programs cannot be built, or one of them ends or does not answer in two minutes;
    /// the error has its last words.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(arguments::api_server).await
    }

    /// As [`Self::start`], with an API server that writes down nothing of what it is asked.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_quiet() -> anyhow::Result<Self> {
        Self::start_with(arguments::quiet_api_server).await
    }

    async fn start_with(api_server: fn(Ports) -> Vec<String>) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let mut attempt = 1;
        loop {
            match Self::attempt(programs.clone(), api_server).await {
                Err(error) if attempt < ATTEMPTS && is_taken_port(&error) => attempt += 1,
                done => return done,
            }
        }
    }

    async fn attempt(
        programs: Programs,
        arguments_of: fn(Ports) -> Vec<String>,
    ) -> anyhow::Result<Self> {
        let guard = Guard::new()?;
        let mut plane = Self {
            programs,
            ports: Ports::chosen_by_the_system()?,
            etcd: None,
            api_server: None,
            arguments_of,
            others: Vec::new(),
            kubeconfig: guard.folder().join("kubeconfig"),
            guard,
        };
        plane.write_files()?;
        plane.start_etcd()?;
        plane.start_api_server()?;
        plane.wait_for_the_api_server().await?;
        Ok(plane)
    }

    /// Starts its controllers, scheduler and nodes, and waits until nodes are ready.
    ///
    /// # Errors
    /// When one of them ends or does not answer in two minutes; the error has its last words.
    pub async fn work(&mut self) -> anyhow::Result<()> {
        self.start_others()?;
        ready::nodes(self).await
    }

    /// A kubeconfig of a user who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client of a user who may do everything.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub async fn client(&self) -> anyhow::Result<kube::Client> {
        ready::client(&self.kubeconfig).await
    }

    /// Where the API server is.
    #[must_use]
    pub fn server(&self) -> String {
        self.ports.server()
    }

    /// The certificate to trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.file("api-server/apiserver.crt")
    }

    /// Where the API server writes what it was asked, a JSON object in each line.
    #[must_use]
    pub fn audit_log(&self) -> PathBuf {
        self.file(AUDIT_LOG)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.guard.folder().join(name)
    }

    fn write_files(&mut self) -> anyhow::Result<()> {
        let random = SystemRandom::new();
        let mut rows = String::new();
        for (user, group) in USERS {
            let token = token(&random)?;
            rows.push_str(&format!("{token},{user},{user},\"{group}\"\n"));
            let path = match user {
                "user" => {
                    let (path, server) = (self.observer_kubeconfig(), at(self.ports.observer));
                    kubeconfig::write(&path, &server, &self.authority(), &token)?;
                    self.kubeconfig.clone()
                }
                other => self.file(&format!("{}.kubeconfig", other.replace(':', "-"))),
            };
            kubeconfig::write(&path, &self.server(), &self.authority(), &token)?;
        }
        std::fs::write(self.file("tokens.csv"), rows)?;
        let (private, public) = key_pair(&random)?;
        std::fs::write(self.file("service-accounts.pem"), private)?;
        std::fs::write(self.file("service-accounts.pub"), public)?;
        std::fs::write(self.file("audit-policy.json"), arguments::audit_policy())?;
        std::fs::write(self.file("stages.json"), stages::all())?;
        Ok(())
    }

    fn start_etcd(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.programs.etcd);
        command.args(arguments::etcd(self.ports));
        self.etcd = Some(self.guard.start("etcd", &mut command)?);
        Ok(())
    }

    fn start_api_server(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.programs.api_server);
        command.args((self.arguments_of)(self.ports));
        self.api_server = Some(self.guard.start("kube-apiserver", &mut command)?);
        Ok(())
    }

    fn start_others(&mut self) -> anyhow::Result<()> {
        let programs = [
            (
                "kube-controller-manager",
                &self.programs.controller_manager,
                arguments::controller_manager(),
            ),
            (
                "kube-scheduler",
                &self.programs.scheduler,
                arguments::scheduler(),
            ),
            ("kwok", &self.programs.kwok, arguments::kwok()),
        ];
        for (name, program, arguments) in programs {
            let mut command = Command::new(program);
            command.args(arguments);
            let process = self.guard.start(name, &mut command)?;
            self.others.push((name, process));
        }
        Ok(())
    }

    async fn wait_for_the_api_server(&mut self) -> anyhow::Result<()> {
        ready::api_server(self).await.context("kube-apiserver")
    }

    /// Starts a second API server that nobody ends before the plane does, and returns a client of it:
    /// one that is started again has forgotten what watches did not tell yet.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn observe(&mut self) -> anyhow::Result<kube::Client> {
        let mut command = Command::new(&self.programs.api_server);
        command.args(arguments::observer(self.ports));
        let process = self.guard.start("observer", &mut command)?;
        self.others.push(("observer", process));
        ready::observer(self).await.context("observer")
    }

    fn observer_kubeconfig(&self) -> PathBuf {
        self.file("observer.kubeconfig")
    }

    /// Ends the API server without asking it, and starts it again on the same port.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn restart_api_server(&mut self) -> anyhow::Result<()> {
        if let Some(process) = self.api_server.take() {
            self.guard.kill(process);
        }
        self.start_api_server()?;
        self.wait_for_the_api_server().await
    }

    /// Ends etcd without asking it, and starts it again with what it had on disk.
    ///
    /// # Errors
    /// When the API server does not find it again.
    pub async fn restart_etcd(&mut self) -> anyhow::Result<()> {
        if let Some(process) = self.etcd.take() {
            self.guard.kill(process);
        }
        self.start_etcd()?;
        self.wait_for_the_api_server().await
    }

    /// What a program of the plane said before it ended, if one has.
    fn last_words(&mut self) -> Option<String> {
        let etcd = self.etcd.iter_mut().map(|process| ("etcd", process));
        let api_server = self.api_server.iter_mut();
        let api_server = api_server.map(|process| ("kube-apiserver", process));
        let others = self.others.iter_mut().map(|(name, it)| (*name, it));
        etcd.chain(api_server)
            .chain(others)
            .find_map(|(name, it)| Some(format!("{name} ended: {}", it.last_words()?)))
    }
}

fn is_taken_port(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("address already in use")
}

fn token(random: &SystemRandom) -> anyhow::Result<String> {
    let mut bytes = [0_u8; 16];
    let filled = random.fill(&mut bytes);
    filled.map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A new P-256 key as two PEM files, private and public.
fn key_pair(random: &SystemRandom) -> anyhow::Result<(String, String)> {
    // RFC 5480: what goes before the point of an id-ecPublicKey on secp256r1.
    const PUBLIC: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::generate_pkcs8(kind, random).and_then(|private| {
        let pair = EcdsaKeyPair::from_pkcs8(kind, private.as_ref(), random);
        let pair = pair.map_err(|_| ring::error::Unspecified)?;
        let public = [&PUBLIC[..], pair.public_key().as_ref()].concat();
        Ok((
            pem("PRIVATE KEY", private.as_ref()),
            pem("PUBLIC KEY", &public),
        ))
    });
    pair.map_err(|_| anyhow::anyhow!("no key could be made"))
}

fn pem(what: &str, key: &[u8]) -> String {
    let key = STANDARD.encode(key);
    format!("-----BEGIN {what}-----\n{key}\n-----END {what}-----\n")
}
