import { Countdown } from '../controls.js';
import { Messages } from '../inbox/messages.js';
import type { Content } from '../render.js';
import { commands } from './commands.js';
import { CodeField, Command, Notice, Step, TryForm, type StepProps } from './parts.js';
import { TokenStep } from './token.js';

/** The whole story on one page: enrol, log in, the token, a code to a phone; and each step by curl. */
export function tryItContent(props: StepProps): Content {
  return {
    title: 'Try Watchword',
    style: 'workshop.css',
    scripts: ['code.js', 'copy-beside.js', 'inbox.js', 'token.js'],
    body: (
      <>
        <h1>Watchword runs. Try it.</h1>
        <p class="lead">
          Play a user with an authenticator app, and see what your services get. This page is an
          application like yours: it calls the same API, which stands beside each step.
        </p>
        <EnrolStep {...props} />
        <LoginStep {...props} />
        <TokenStep {...props} />
        <PhoneStep {...props} />
        <Closing {...props} />
      </>
    ),
  };
}

function EnrolStep({ view, asking, formToken }: StepProps) {
  const { pending, active, userId } = view;
  return (
    <Step id="enrol" title="Enrol an authenticator app" isDone={active !== undefined}>
      <div class="columns">
        <div>
          <Notice view={view} form="enrol" />
          {pending === undefined ? (
            <EnrolForm isActive={active !== undefined} userId={userId} formToken={formToken} />
          ) : (
            <Scan pending={pending} />
          )}
        </div>
        <Command what="The same by curl" text={commands.enrol(asking, userId)} />
      </div>
    </Step>
  );
}

interface EnrolFormProps {
  readonly isActive: boolean;
  readonly userId: string;
  readonly formToken: string;
}

function EnrolForm({ isActive, userId, formToken }: EnrolFormProps) {
  if (isActive)
    return (
      <p>
        The app of the user <code>{userId}</code> is enrolled. Its secret was shown once, and is
        kept encrypted.
      </p>
    );
  return (
    <>
      <p>
        You are the user <code>{userId}</code>. Have an app at hand: Google Authenticator, Aegis,
        1Password, any will do.
      </p>
      <TryForm to="enrol" formToken={formToken}>
        <button class="button">Show me a QR code</button>
      </TryForm>
    </>
  );
}

function Scan({
  pending: { qr, secret, uri },
}: {
  readonly pending: NonNullable<StepProps['view']['pending']>;
}) {
  return (
    <>
      <p>Scan this with your authenticator app.</p>
      <div class="qr" dangerouslySetInnerHTML={{ __html: qr }} />
      <p class="handy">
        <a class="link" href={uri}>
          Open it in the app on this phone
        </a>
      </p>
      <p class="quiet">
        Or type the secret: <code class="secret">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
      </p>
    </>
  );
}

function LoginStep({ view, asking, formToken }: StepProps) {
  const { pending, active, userId, token, notice } = view;
  const isWrong = notice?.form === 'code';
  return (
    <Step
      id="login"
      title="Type the code, twice"
      isDone={active !== undefined && token !== undefined}
    >
      {pending === undefined && active === undefined ? (
        <p class="quiet">First enrol an app above.</p>
      ) : (
        <div class="columns">
          <div>
            <Notice view={view} form="code" />
            <p>
              {active === undefined
                ? 'The first code shows that the app has the secret.'
                : 'The app is active. Now log in, with the next code: each is good once.'}
            </p>
            {active !== undefined && active.seconds > 0 && (
              <p class="quiet" data-until-ready>
                Your app shows the next code in <Countdown seconds={active.seconds} />.
              </p>
            )}
            <TryForm to="code" formToken={formToken}>
              <CodeField id="code" label="Code from the app" digits={6} isWrong={isWrong} />
              <button class="button">{active === undefined ? 'Activate' : 'Log in'}</button>
            </TryForm>
          </div>
          {active === undefined ? (
            <Command what="The same by curl" text={commands.activate(asking, pending?.id ?? '')} />
          ) : (
            <Command what="The same by curl" text={commands.verify(asking, userId)} />
          )}
        </div>
      )}
    </Step>
  );
}

function PhoneStep({ view, asking, formToken }: StepProps) {
  const { number, challengeId, messages, notice } = view;
  return (
    <Step id="phone" title="Send a code to a phone">
      <p>
        No app: the user types a number and gets a message. Here nothing is really sent; what would
        be lies in the <a href="/dev/inbox">inbox</a>, beside.
      </p>
      <div class="columns">
        <div>
          <Notice view={view} form="phone" />
          <TryForm to="phone" formToken={formToken}>
            <label for="number">Phone number</label>
            <input
              id="number"
              name="phone"
              class="field"
              type="tel"
              autocomplete="off"
              dir="ltr"
              maxLength={40}
              required
              value={number}
            />
            <button class={challengeId === undefined ? 'button' : 'link'}>
              {challengeId === undefined ? 'Send a code' : 'Send another code'}
            </button>
          </TryForm>
          <Notice view={view} form="sms" />
          {challengeId !== undefined && (
            <TryForm to="sms" formToken={formToken}>
              <CodeField id="sms" label="Code from the message" isWrong={notice?.form === 'sms'} />
              <button class="button">Log in by phone</button>
            </TryForm>
          )}
        </div>
        <section class="inbox" aria-labelledby="inbox-title">
          <h3 id="inbox-title">
            Inbox of <bdi dir="ltr">{number}</bdi>
          </h3>
          <Messages entries={messages} to={number} />
          <noscript>
            <p>
              <a href="/#phone">Look again</a>
            </p>
          </noscript>
        </section>
      </div>
      <div class="columns">
        <Command what="Send, by curl" text={commands.send(asking, number)} />
        <Command what="Read the inbox" text={commands.inbox(asking)} />
        {challengeId !== undefined && (
          <Command what="Type the code" text={commands.sms(asking, challengeId)} />
        )}
      </div>
    </Step>
  );
}

function Closing({ formToken }: StepProps) {
  return (
    <section class="closing">
      <h2>Go on</h2>
      <ul>
        <li>
          <a href="/docs">The API</a>, every call with its fields
        </li>
        <li>
          <a href="/dev/inbox">The inbox</a>, with all messages
        </li>
        <li>
          <a href="/health/ready">Ready</a>, what the service says of itself
        </li>
      </ul>
      <TryForm to="reset" formToken={formToken}>
        <button class="link quiet">Start over as another user</button>
      </TryForm>
      <p class="quiet">
        This page is here for trying things out on your own machine. In production it does not
        exist.
      </p>
    </section>
  );
}
