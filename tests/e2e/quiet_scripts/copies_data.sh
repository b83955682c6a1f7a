# Data is copied to the scratch folder, a little at a time.
for number in $(seq 12); do
    head -c 4096 /dev/zero > "$HOME/part-$number"
    cp "$HOME/part-$number" "$HOME/copy-$number"
    sleep 1.4
done
