# Many short programs, one after another: none of them is there for long.
for number in $(seq 40); do
    head -c 65536 /dev/zero | sha256sum > /dev/null
    sleep 0.4
done
