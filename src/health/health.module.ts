import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { HealthController } from './health.controller.js';
import { Health } from './health.js';

@Module({
  imports: [TokensModule],
  providers: [Health],
  controllers: [HealthController],
  exports: [Health],
})
export class HealthModule {}
