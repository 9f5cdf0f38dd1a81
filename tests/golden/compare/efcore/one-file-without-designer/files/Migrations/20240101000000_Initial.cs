[DbContext(typeof(Shop.ShopContext)), Migration(@"20240101000000_Initial")]
public class Initial : Migration { }
