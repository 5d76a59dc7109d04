#!/usr/bin/env bash
# Makes seeds of the golden files: DIRECTORY/<target>/… What fuzzing found on top of them is kept in fuzz/corpus.
#
# usage: fuzz/seeds.sh DIRECTORY
set -euo pipefail
to=$(realpath -m "${1:?usage: fuzz/seeds.sh DIRECTORY}")
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
golden=tests/golden/denic_rri

# The letter that `fuzz/src/answers.rs` reads an answer as, by the name of the golden file.
letter() { # name
    local number=0 operation
    for operation in domain.check domain.info domain.create domain.update domain.transfer domain.change_holder \
        domain.delete domain.restore domain.transit domain.authcode_create domain.authcode_delete \
        domain.authcode_request domain.authcode_check contact.check contact.info contact.create contact.update \
        account.info message.read message.delete raw; do
        case $1 in "answer.$operation."*) printf "\\x$(printf %x $((97 + number)))" && return ;; esac
        number=$((number + 1))
    done
    # LOGIN and LOGOUT, whatever they are read as.
    printf r
}

# A length as four bytes, most significant first.
length() { printf "\\x$(printf %x $(($1 >> 24)))\\x$(printf %x $(($1 >> 16 & 255)))\\x$(printf %x $(($1 >> 8 & 255)))\\x$(printf %x $(($1 & 255)))"; }

seed() { # target name; the bytes on standard input
    mkdir -p "$to/$1"
    cat >"$to/$1/$2"
}

# The golden jobs are those of an account the sandbox does not have.
ours() { sed 's/DENIC-\(1000022\|1000011\|99990\)/DENIC-1000001/g' "$1"; }

for file in "$golden"/answer.*.kv "$golden"/answer.*.xml; do
    name=$(basename "$file")
    { letter "$name" && cat "$file"; } | seed "${file##*.}_answer" "$name"
done

# The letter that `fuzz/src/opensrs.rs` reads an answer as, by the table in tests/wire/opensrs_answers.rs.
ops=tests/golden/opensrs
sed -n 's/^ *("\([0-9.-]*\)", "\([a-z_.]*\)".*/\1 \2/p' tests/wire/opensrs_answers.rs | while read -r name operation; do
    letter=$(sed -n "s/^ *(b'\(.\)', \"$operation\").*/\1/p" fuzz/src/opensrs.rs)
    { printf %s "${letter:-a}" && cat "$ops/$name-reply.xml"; } | seed ops_answer "$name-reply.xml"
done
for file in "$ops"/*-request.xml "$ops"/*-reply.xml; do
    seed ops_envelope "$(basename "$file")" <"$file"
done
for name in 2.3-1-reply.xml 2.3-4-reply.xml 5.1-1-request.xml; do
    { printf '\3Content-Length: %d\r\n\r\n' "$(wc -c <"$ops/$name")" && cat "$ops/$name"; } | seed ops_frame "$name"
done
printf '\0 content-LENGTH :\t4 \r\n\r\n\r\n \n<a/>Content-Length: 2\r\n\r\n\r\n\r\ncut' | seed ops_frame several
printf '\0Content-Length: 99999999\r\n\r\nx' | seed ops_frame absurd
printf '\0\0\5<a/>' | seed ops_frame binary

# Of RRP the names of the answers say what they are read as; SESSION and QUIT are read as whatever.
rrp=tests/golden/rrp
for file in "$rrp"/answer.*.rrp; do
    name=$(basename "$file")
    operation=$(sed 's/^answer\.\([a-z]*\.[a-z_]*\)\..*/\1/' <<<"$name")
    letter=$(sed -n "s/^ *(b'\(.\)', \"$operation\").*/\1/p" fuzz/src/rrp.rs)
    { printf %s "${letter:-o}" && cat "$file"; } | seed rrp_answer "$name"
done
# A greeting, a login, and what is said of a domain, divided by NUL; the first byte is the size of pieces.
begun() { printf '\3' && cat "$rrp/greeting.rrp" && printf '\0' && cat "$rrp/answer.login.session.rrp"; }
for name in domain.info domain.info.none domain.check.taken domain.create; do
    { begun && printf '\0' && cat "$rrp/answer.$name.rrp" && printf '\0' && cat "$rrp/answer.domain.info.rrp"; } | seed rrp_session "$name"
done
{ begun && printf '\0' && cat "$rrp/answer.domain.info.rrp" "$rrp/answer.domain.info.rrp"; } | seed rrp_session unasked
{ begun && printf '\000520 Server closing connection\r\n.\r\n'; } | seed rrp_session closing
{ begun && printf '\000200 half\r\nstatus:ACT'; } | seed rrp_session half
{ begun && printf '\000547 Invalid command sequence\n.\n\000220 Bye\n.\n'; } | seed rrp_session lost
{ printf '\0' && cat "$rrp/greeting.rrp" && printf '\0' && cat "$rrp/answer.login.wrong.rrp" && printf '\000220 Bye\r\n.\r\n'; } | seed rrp_session wrong
{ printf '\7' && cat "$rrp/answer.login.too_many.rrp"; } | seed rrp_session too_many

# Of NZ SRS the meanings beside the answers say it.
nz=tests/golden/nz_srs
for file in "$nz"/*-reply.xml; do
    name=$(basename "$file")
    operation=$(sed -n 's/^ *"operation": "\(.*\)",\{0,1\}$/\1/p' "${file%.xml}.json" | head -n 1)
    letter=$(sed -n "s/^ *(b'\(.\)', \"$operation\").*/\1/p" fuzz/src/nz_srs.rs)
    { printf %s "${letter:-p}" && cat "$file"; } | seed srs_answer "$name"
done

for name in answer.login.kv answer.login.xml answer.domain.check.kv; do
    { printf '\3' && length "$(wc -c <"$golden/$name")" && cat "$golden/$name"; } | seed rri_frame "$name"
done
{ printf '\0' && length 2 && printf ab && length 1 && printf c && length 65536 && printf cut; } | seed rri_frame several
{ printf '\0' && length 65537; } | seed rri_frame absurd

for file in "$golden"/*.json; do
    name=$(basename "$file")
    case $name in
        answer.*) ;;
        *) ours "$file" | seed job "$name" && ours "$file" | sed 's/"account": "[^"]*"/"account": "DENIC-1000002"/' | seed job "xml.$name" ;;
    esac
done
{
    printf '{"batch":"autumn-sale","jobs":[{"id":"0192f0c1-7b7e-7c3a-9f00-000000000001","account":"both",'
    printf '"operation":"domain.check","params":{"domain":"example.de"}},{"id":"0192f0c1-7b7e-7c3a-9f00-000000000002",'
    printf '"account":"both","operation":"domain.delete","class":"urgent","not_before":"2026-12-01T00:00:00+01:00",'
    printf '"after":["0192f0c1-7b7e-7c3a-9f00-000000000001"],"max_attempts":3,"context":{"order":"A-1001"}}]}'
} | seed job bulk.json
printf '{"account":"DENIC-1000001","operation":"domain.update","params":{"domain":"example.de","merge":true,"nserver":["ns1.example.net"]}}' | seed job merge.json

for file in "$golden"/*.kv "$golden"/*.xml; do
    name=$(basename "$file")
    case $name in answer.*) continue ;; esac
    { printf 0 && ours "$file"; } | seed sandbox_request "$name"
    { printf 1 && ours "$file" && printf '\0' && ours "$file"; } | seed sandbox_request "twice.$name"
    case $name in log*) continue ;; esac
    # A job's own request has no transaction id yet.
    ours "$file" | sed '/^[Cc][Tt][Ii][Dd]:/d; s/<\([a-z]*:\)\{0,1\}ctid>[^<]*<[^>]*>//' | seed raw_request "$name"
done

cat config/registrard.toml | seed config registrard.toml
sed 's/^# *\([a-z_\["]\)/\1/' config/registrard.toml | seed config everything.toml
{
    printf '[store]\nurl = "sqlite:///tmp/x.db"\n[publishers.billing]\naccounts = ["*"]\n[pools.all]\n'
    printf 'accounts = ["DENIC-1000001"]\n[accounts.DENIC-1000001]\nregistry = "denic-rri"\n'
    printf 'user = "DENIC-1000001-RRI"\npassword_file = "p"\nformat = "xml"\nprotocol = "5.0"\nrules = { dummy_phone = "off" }\n'
    printf '[accounts.DENIC-1000001.limits]\nrequests = 100\nquota = 5\n\0RETRY__SOON=1,2\nSTORE__URL=postgres://x@h/d\n'
} | seed config account.toml
printf '[[publishers]]\nlog = 5\nstore.url = 1e999\n' | seed config wrong.toml
printf '[retry]\nsoon = [0.5, 1e300]\n[brake]\nalike = 0\n[mail]\nserver = "smtp.example.net"\nfrom = "a@example.de"\n' | seed config mail.toml
printf '\0LOG__FORMAT=json\nNO__SUCH=1\nACCOUNTS__A__REGISTRY=x\n' | seed config variables.toml
