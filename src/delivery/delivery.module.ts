import { Module } from '@nestjs/common';
import { Callbacks } from './callbacks.js';
import { CallbacksController } from './callbacks.controller.js';
import { CountersRepository } from './counters.repository.js';
import { Delivery } from './delivery.js';
import { DeliveryDesk } from './desk.js';
import { DeliveryMetrics } from './delivery.metrics.js';
import { Dispatcher } from './dispatcher.js';
import { Inbox } from './inbox.js';
import { MessagesRepository } from './messages.repository.js';
import { Providers } from './providers.js';

@Module({
  providers: [
    Callbacks,
    CountersRepository,
    Delivery,
    DeliveryDesk,
    DeliveryMetrics,
    Dispatcher,
    Inbox,
    MessagesRepository,
    Providers,
  ],
  controllers: [CallbacksController],
  exports: [Delivery, DeliveryDesk, DeliveryMetrics, Dispatcher, Inbox],
})
export class DeliveryModule {}
