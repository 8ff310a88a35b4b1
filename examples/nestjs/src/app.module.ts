import { Module } from '@nestjs/common';
import { createClient } from 'watchword/client';
import { createVerifier } from 'watchword/verify';
import { ProofModule } from 'watchword/verify/nest';
import { BankController } from './bank.controller.js';
import { LoginController } from './login.controller.js';
import { WATCHWORD } from './watchword.js';

const url = process.env['WATCHWORD_URL'] ?? 'http://localhost:3000';
const apiKey = process.env['WATCHWORD_API_KEY'] ?? '';
const audience = process.env['WATCHWORD_AUDIENCE'] ?? '';

@Module({
  imports: [ProofModule.forRoot({ verifier: createVerifier({ issuer: url, audience }) })],
  controllers: [LoginController, BankController],
  providers: [{ provide: WATCHWORD, useValue: createClient({ url, apiKey }) }],
})
export class AppModule {}
