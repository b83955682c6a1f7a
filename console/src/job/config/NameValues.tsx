import styles from "./config.module.css";

/** Names and values, one pair a line, as they were given. */
export function NameValues({
  pairs,
  empty,
}: {
  pairs: readonly { name: string; value: string }[];
  empty: string;
}) {
  if (pairs.length === 0) return <span className="quiet">{empty}</span>;
  return (
    <table className={styles.pairs}>
      <tbody>
        {pairs.map((pair) => (
          <tr key={pair.name}>
            <th scope="row">{pair.name}</th>
            <td>{pair.value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
