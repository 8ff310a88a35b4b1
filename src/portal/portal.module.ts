/**
 * The hosted pages. A link (links/) leads a browser to /open; its form opens the link, binds it to the browser
 * by a cookie and leads on to /p/{link id}/{purpose}.
 *
 * To add a page, say `/p/{link id}/enrol`, in a folder of its own:
 *
 * 1. A controller with `@PageController('enrol', 'enrol')`: these pages exist for links of that purpose, in the
 *    browser that opened the link, and their forms come from them alone (page.guard.ts). `@Shows()` is a page,
 *    `@Takes('name', 'member', …)` what a form does. Each is given the `@CurrentPage()`: the visit with the link
 *    and the caller in whose name the domain's services are asked, the texts, the realm's look.
 * 2. A component for the body, of controls.tsx: `<Form page={page} to="enrol/name">`, `<Alert>`, `<Countdown>`.
 *    What is written into it is escaped. `renderPage(reply, page, { title, body, scripts })` makes the page.
 * 3. A form changes something and answers 303 to a page; what that has to say stands in the link's `notice`
 *    (`Visits.remember`). So a reload sends nothing twice, and looking changes nothing (S102).
 * 4. Words in texts/en.json, and in every other language there is; a test compares them.
 * 5. A script, where one helps: scripts/*.js, as browsers get it. Everything has to work without it.
 * 6. At the end `Visits.finish` gives the address to send the browser to; `Visits.note` before that tells the
 *    application what was done. Errors are thrown as everywhere: problem.page.tsx makes a page of them.
 *
 * Two pages are for developers and not for users, and not there in production: try-it/ at `/`, and inbox/ at
 * /dev/inbox.
 */
import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { BypassCodesModule } from '../bypass-codes/bypass-codes.module.js';
import { ChallengesModule } from '../challenges/challenges.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { LinksModule } from '../links/links.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AssetsController } from './assets.controller.js';
import { EnrolController } from './enrol/enrol.controller.js';
import { EnrolState } from './enrol/enrol-state.js';
import { RecoveryCodes } from './enrol/recovery-codes.js';
import { RecoveryController } from './enrol/recovery.controller.js';
import { SettingUp } from './enrol/setting-up.js';
import { InboxController } from './inbox/inbox.controller.js';
import { OpenController } from './open/open.controller.js';
import { ManageController } from './manage/manage.controller.js';
import { ManageState } from './manage/manage-state.js';
import { Managing } from './manage/managing.js';
import { RemovalController } from './manage/removal.controller.js';
import { PageGuard } from './page.guard.js';
import { Refusals } from './refusals.js';
import { ShownChallenges } from './shown-challenges.js';
import { Demonstration } from './try-it/demonstration.js';
import { Tour } from './try-it/tour.js';
import { TourState } from './try-it/tour-state.js';
import { TryItController } from './try-it/try-it.controller.js';
import { VisitorCookie } from './try-it/visitor.js';
import { Proving } from './verify/proving.js';
import { RecentProof } from './verify/recent-proof.js';
import { Renewing } from './verify/renewing.js';
import { TrustedBrowser } from './verify/trusted-browser.js';
import { VerifyController } from './verify/verify.controller.js';
import { VerifyState } from './verify/verify-state.js';
import { ProblemsController } from './problems.controller.js';
import { WayBackController } from './way-back.controller.js';

@Module({
  imports: [
    ApplicationsModule,
    BypassCodesModule,
    ChallengesModule,
    DeliveryModule,
    DevicesModule,
    FactorsModule,
    LinksModule,
    SessionsModule,
    TokensModule,
  ],
  providers: [
    Demonstration,
    EnrolState,
    ManageState,
    Managing,
    PageGuard,
    Proving,
    RecentProof,
    Refusals,
    RecoveryCodes,
    Renewing,
    SettingUp,
    ShownChallenges,
    Tour,
    TourState,
    TrustedBrowser,
    VerifyState,
    VisitorCookie,
  ],
  controllers: [
    AssetsController,
    EnrolController,
    RecoveryController,
    InboxController,
    ManageController,
    OpenController,
    ProblemsController,
    RemovalController,
    TryItController,
    VerifyController,
    WayBackController,
  ],
})
export class PortalModule {}
