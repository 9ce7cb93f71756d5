//! Connections that are meant to be secure.

use super::{failure, server};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{Read, Write};
use std::sync::Arc;

#[test]
fn a_server_that_nobody_vouches_for_is_refused() {
    let certificate = CertificateDer::from(include_bytes!("cert-for-tests.der").to_vec());
    let key = PrivateKeyDer::try_from(include_bytes!("key-for-tests.der").to_vec()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let port = server::serve(move |mut stream| {
        let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut secure = rustls::Stream::new(&mut connection, &mut stream);
        let _ = secure.read(&mut [0; 1024]).and_then(|_| secure.write(b"HTTP/1.1 200 OK\r\n\r\nno"));
    });
    assert_eq!(
        failure(port, "http::get(\"SECURE\")"),
        "GET `https://127.0.0.1:PORT`: no secure connection: invalid peer certificate: UnknownIssuer"
    );
}

#[test]
fn a_server_without_encryption_is_not_taken_for_a_secure_one() {
    let port = server::serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = stream.read(&mut [0; 1024]);
    });
    assert_eq!(
        failure(port, "http::get(\"SECURE\")"),
        "GET `https://127.0.0.1:PORT`: no secure connection: received corrupt message of type InvalidContentType"
    );
}
