//! Many clients at once, and clients that send anything.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::*;

/// Numbers that are the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_name_one_gets_it() {
    let world = World::new().await;
    let (username, key) = world.account(0);
    let client = async |worker: usize| {
        let mut stream = world.https().await;
        for n in 0..20 {
            let text = register(&format!("example{}.com", (n + worker) % 20), &format!("affiliate_id=worker-{worker}"));
            post(&mut stream, &username, &signature(text.as_bytes(), &key), text.as_bytes()).await;
            let reply = Reply(body(&mut stream).await.unwrap());
            assert!(["200", "485", "437"].contains(&reply.code().as_str()), "{}", reply.0);
        }
    };
    tokio::join!(client(0), client(1), client(2), client(3), client(4), client(5));
    let mut names = world.effects("domain.create");
    names.sort();
    let before = names.len();
    names.dedup();
    assert_eq!((names.len(), before), (20, 20));
    // Whoever has the effect in the ledger is whom the registry names.
    for effect in world.sandbox.ledger().effects.iter().filter(|effect| effect.kind == "domain.create") {
        let info = world.ask(&domain("GET", &format!("domain={} type=all_info", effect.object))).await;
        assert_eq!(Some(info.item("affiliate_id")), effect.ctid, "{}", effect.object);
    }
}

#[tokio::test]
async fn whatever_arrives_is_answered_and_harms_nobody() {
    let seed = 7;
    println!("seed {seed}");
    let mut chance = Chance(seed);
    let world = World::new().await;
    let (username, key) = world.account(0);
    let samples =
        [register("example.com", ""), renew("example.com", "2027"), command("POLL", "EVENT", &items("limit=5"))];
    let mut stream = world.https().await;
    for round in 0..400 {
        let mut bytes = samples[chance.below(samples.len())].clone().into_bytes();
        for _ in 0..=chance.below(4) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.extend_from_within(at..),
            }
        }
        post(&mut stream, &username, &signature(&bytes, &key), &bytes).await;
        let reply = body(&mut stream).await;
        assert!(reply.is_some_and(|text| text.contains("is_success")), "round {round}");
    }
    let address = world.sandbox.ready()["opensrs"]["tcp"].as_str().unwrap().to_owned();
    for _ in 0..50 {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let bytes: Vec<u8> = (0..chance.below(200)).map(|_| u8::try_from(chance.below(256)).unwrap()).collect();
        stream.write_all(&bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        // Greeted, then closed: that is all there is to say to it.
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        assert!(said.starts_with(b"Content-Length: "), "{}", String::from_utf8_lossy(&said));
    }
    world.expect("210", &domain("LOOKUP", "domain=example.net")).await;
}
