/** What stands where there is nothing to show. A card on a narrow screen leaves out a fact that is only this. */
export function Dash() {
  return <span className="quiet dash">–</span>;
}
