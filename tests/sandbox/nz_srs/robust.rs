//! Many clients at once, and clients that send anything.

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
    let keys = [world.key("90"), world.key("91")];
    let client = async |worker: usize| {
        let mut stream = world.https().await;
        let id = ["90", "91"][worker % 2];
        for n in 0..5 {
            let action =
                create(&format!("example{}.co.nz", (n + worker) % 5)).replace("create-", &format!("worker-{worker}-"));
            send(&mut stream, &form(id, &request(&action), &keys[worker % 2])).await;
            let answer = receive(&mut stream).await.unwrap();
            assert!(["", "DOMAIN_ALREADY_EXISTS", "LOCK_ERROR"].contains(&answer.error().as_str()), "{}", answer.text);
        }
    };
    tokio::join!(client(0), client(1), client(2), client(3));
    let mut names = world.effects("domain.create");
    names.sort();
    let before = names.len();
    names.dedup();
    assert_eq!((names.len(), before), (5, 5));
    for effect in world.sandbox.ledger().effects.iter().filter(|effect| effect.kind == "domain.create") {
        let shown = world.domain(&effect.object).await;
        assert_eq!(
            (shown["action_id"].as_str(), shown["registrar_id"].as_str()),
            (effect.ctid.as_deref(), Some(effect.account.as_str()))
        );
    }
}

#[tokio::test]
async fn whatever_arrives_is_answered_and_harms_nobody() {
    let seed = 7;
    println!("seed {seed}");
    let mut chance = Chance(seed);
    let world = World::new().await;
    let key = world.key("90");
    let samples = [create("a.co.nz"), update("u", "a.co.nz", "Renew=\"1\" Term=\"1\"", ""), POLL.to_owned()];
    let mut stream = world.https().await;
    for round in 0..60 {
        let mut bytes = request(&samples[chance.below(samples.len())]).into_bytes();
        for _ in 0..=chance.below(4) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.extend_from_within(at..),
            }
        }
        let signature = sign(&bytes, &key, std::time::SystemTime::now());
        send(&mut stream, &format!("n=90&r={}&s={}", encoded(&bytes), encoded(signature.as_bytes()))).await;
        let answer = receive(&mut stream).await.unwrap_or_else(|| panic!("round {round}")).valid();
        assert!(answer.is_signed_by(&world.registry_key()));
    }
    for _ in 0..200 {
        let bytes: Vec<u8> = (0..chance.below(200)).map(|_| u8::try_from(chance.below(256)).unwrap()).collect();
        send(&mut stream, &String::from_utf8_lossy(&bytes)).await;
        assert!(receive(&mut stream).await.unwrap().is_top());
    }
    world.done(&whois("a.co.nz")).await;
}
