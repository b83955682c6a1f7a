import { Component, type ReactNode } from "react";
import { Problem } from "./Problem.tsx";

/** Catches what breaks while a page renders, so that the rest of the console stays. Another `name` tries anew. */
export class Boundary extends Component<
  { name: string; children: ReactNode },
  { error: unknown; of: string }
> {
  override state = { error: null as unknown, of: this.props.name };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  static getDerivedStateFromProps(props: { name: string }, state: { of: string }) {
    return props.name === state.of ? null : { error: null, of: props.name };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div style={{ padding: 24 }}>
        <Problem error={this.state.error} onRetry={() => this.setState({ error: null })} />
      </div>
    );
  }
}
