//! `cargo run -p cluster`: a real control plane with our CRDs and the controller, until Ctrl-C.

use cluster::Cluster;

fn main() -> anyhow::Result<()> {
    let begun = std::time::Instant::now();
    let cluster = Cluster::start()?;
    println!("a control plane, ready after {:.1?}:", begun.elapsed());
    println!("  export KUBECONFIG={}", cluster.kubeconfig().display());
    println!("Ctrl-C ends it and removes everything.");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(())
}
